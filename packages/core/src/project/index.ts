/** For command-line tools: where a Prisma project keeps its files, and changing files all or none. */
export { findProject, type Project, type SchemaFile } from './project.ts'
export { prismaGenerationOf, type PrismaGeneration } from './prisma-generation.ts'
export { writeAll, type FileChange } from './file-change.ts'
export { ROOT_ID, SarifPlaces, type SarifLocation } from './sarif-places.ts'
export { ProjectError } from './project-error.ts'
export type { ConfigLoader } from './prisma-config.ts'
