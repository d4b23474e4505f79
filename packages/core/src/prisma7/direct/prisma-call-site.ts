import { readFrames, type StackFrame } from '../../pipeline/call-site.ts'

/** Where a call was made, as Prisma's errors want to know it. Made in the method that the application calls. */
export class PrismaCallSite {
  readonly _error: Error

  constructor() {
    this._error = new Error('call site')
  }

  getLocation(): { fileName: string; lineNumber: number; columnNumber: number } | null {
    // This constructor and the method stand at the top.
    const [, , ...frames] = readFrames(this._error.stack ?? '')
    const frame = frames.find(isShown)
    return frame === undefined
      ? null
      : { fileName: frame.file, lineNumber: frame.line, columnNumber: frame.column }
  }
}

/** Where a call was made that Prisma's errors do not want to know, as in production: comments on its statements do. */
export class HiddenCallSite {
  readonly _error = new Error('call site')
  readonly isHidden = true

  getLocation(): null {
    return null
  }
}

/** What Prisma itself takes for the application. */
function isShown({ method, file }: StackFrame): boolean {
  return (
    file !== '<anonymous>' &&
    !file.includes('@prisma') &&
    !file.includes('/packages/client/src/runtime/') &&
    !file.endsWith('/runtime/client.js') &&
    !file.startsWith('internal/') &&
    !/new |getCallSite|Proxy\./.test(method) &&
    method.split('.').length < 4
  )
}
