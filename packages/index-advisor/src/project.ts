/** Finding a project's Prisma files and changing files all or none, for other commands of the suite. */
export { findProject, type Project, type SchemaFile } from './catalog/project.ts'
export { writeAll, type FileChange } from './migration/file-change.ts'
