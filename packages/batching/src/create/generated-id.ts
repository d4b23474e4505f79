import type { Field } from '@prisma-brisk/core'
import { randomBytes, randomUUID } from 'node:crypto'

/** Makes values as Prisma makes them for the field's default; null where only Prisma or the database can. */
export function generatorOf({ default: given }: Field): (() => string) | null {
  if (given?.kind !== 'function' || given.name !== 'uuid' || given.args.length > 1) return null
  const [version = 4] = given.args
  return version === 4 ? randomUUID : version === 7 ? uuid7 : null
}

/** Version 7 of RFC 9562: milliseconds since 1970, then random bits. */
function uuid7(): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
