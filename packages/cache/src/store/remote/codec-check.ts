import { InvalidOptionsError, type OptionCheck } from '@prisma-brisk/core'
import type { ValueCodec } from '../../codec/payload.ts'

export const codecCheck: OptionCheck = (value, path) => {
  const { name, encode, decode } = (value ?? {}) as Partial<ValueCodec>
  if (typeof name === 'string' && typeof encode === 'function' && typeof decode === 'function') return
  throw new InvalidOptionsError(path, 'a codec: { name, encode, decode }', value)
}
