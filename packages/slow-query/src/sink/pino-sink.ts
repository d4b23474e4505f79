import { InvalidOptionsError } from '@prisma-brisk/core'
import { titleOf } from './record-title.ts'
import type { SinkRecord } from '../record/records.ts'
import type { RecordSink } from './sink.ts'

/** What is used of a pino logger; any logger with these methods will do. */
export interface PinoLike {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Hands records to a logger, as fields with a one-line message. Slow operations and loops are warnings, failures and
 * critical alerts errors.
 *
 * @throws InvalidOptionsError
 * @example
 * slowQuery({ sinks: [pinoSink(pino())] })
 */
export function pinoSink(logger: PinoLike): RecordSink {
  for (const level of ['info', 'warn', 'error'] as const)
    if (typeof (logger as Partial<PinoLike> | undefined)?.[level] !== 'function')
      throw new InvalidOptionsError(`pinoSink.logger.${level}`, 'a function', logger?.[level])
  return {
    write: (record) => logger[levelOf(record)](record, titleOf(record)),
  }
}

function levelOf(record: SinkRecord): keyof PinoLike {
  switch (record.type) {
    case 'slow-query':
      return record.error === undefined ? 'warn' : 'error'
    case 'alert':
      return record.to === 'critical' ? 'error' : record.to === 'ok' ? 'info' : 'warn'
    case 'deferred-failure':
      return 'error'
    case 'quiet-lists':
      return 'info'
    default:
      return 'warn'
  }
}
