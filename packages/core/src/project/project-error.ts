import { BriskError } from '../errors.ts'

/** The project's files cannot be found or written. */
export class ProjectError extends BriskError {
  constructor(
    code: 'E_SCHEMA_NOT_FOUND' | 'E_WRITE_FAILED' | 'E_PRISMA_8',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message.replace(/\s*\n\s*/g, ' ').trim(), options)
  }
}
