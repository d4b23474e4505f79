/** Spans and metrics by OpenTelemetry. */
export * from '@prisma-brisk/slow-query/opentelemetry'
