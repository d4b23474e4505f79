import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { CursorExpiredError, CursorMismatchError, InvalidCursorError } from '../errors.ts'
import type { ResolvedCursorOptions } from '../options.ts'

/**
 * Cursors as opaque tokens, base64url of
 *
 *     signed:    1 | body | HMAC-SHA-256 of all before, truncated to 128 bits
 *     encrypted: 2 | nonce (12) | AES-256-GCM of the body, with the version as additional data | tag (16)
 *
 * where the body is the second it was made in (4 bytes), the digest of what it belongs to (12) and the sort values as JSON. The
 * keys come from each secret by HKDF. A token is refused before decoding where it is longer than 2 kB, and where it is not exactly
 * the text its bytes have, so that no two tokens are one cursor.
 */
export class CursorCodec {
  private readonly keys: readonly CursorKeys[]

  constructor(
    private readonly options: ResolvedCursorOptions,
    private readonly now: () => number = Date.now,
    private readonly random: (size: number) => Buffer = randomBytes,
  ) {
    this.keys = options.secrets.map(keysOf)
  }

  /** The token for a row: its sort values, bound to the digest. Null where it would be longer than a cursor may be. */
  encode(binding: Buffer, values: readonly unknown[]): string | null {
    const json = Buffer.from(JSON.stringify(values))
    const body = Buffer.allocUnsafe(4 + BINDING + json.length)
    body.writeUInt32BE(Math.floor(this.now() / 1000), 0)
    binding.copy(body, 4, 0, BINDING)
    json.copy(body, 4 + BINDING)
    const [key] = this.keys as readonly [CursorKeys]
    const token = (this.options.encrypt ? encrypted(body, key, this.random) : signed(body, key)).toString(
      'base64url',
    )
    return token.length > LONGEST ? null : token
  }

  /**
   * The sort values of a token.
   *
   * @throws InvalidCursorError, CursorMismatchError, CursorExpiredError
   */
  decode(token: unknown, binding: Buffer, argument: string): unknown[] {
    const body = this.open(token)
    if (body === null) throw new InvalidCursorError(argument, token)
    if (body.compare(binding, 0, BINDING, 4, 4 + BINDING) !== 0) throw new CursorMismatchError(argument)
    const age = this.now() - body.readUInt32BE(0) * 1000
    if (age > this.options.maxAge) throw new CursorExpiredError(argument, age, this.options.maxAge)
    return JSON.parse(body.toString('utf8', 4 + BINDING)) as unknown[]
  }

  /** Whether a token would be decoded, without making an error where it is not. */
  accepts(token: unknown, binding: Buffer): boolean {
    const body = this.open(token)
    return body !== null && body.compare(binding, 0, BINDING, 4, 4 + BINDING) === 0
  }

  /** The body of a token that one of the secrets made, else null. */
  private open(token: unknown): Buffer | null {
    if (typeof token !== 'string' || token.length > LONGEST || token.length < SHORTEST) return null
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.toString('base64url') !== token) return null
    const unseal = bytes[0] === SIGNED ? verified : bytes[0] === ENCRYPTED ? decrypted : null
    // A token of the other kind is as good as one of none: what encryption hid, a signature alone must not open.
    if (unseal === null || (bytes[0] === ENCRYPTED) !== this.options.encrypt) return null
    for (const key of this.keys) {
      const body = unseal(bytes, key)
      if (body !== null && body.length > 4 + BINDING) return body
    }
    return null
  }
}

interface CursorKeys {
  readonly signing: KeyObject
  readonly encrypting: KeyObject
}

/** Bytes of the digest of what a cursor belongs to. */
export const BINDING = 12
/** Characters of the longest cursor. */
export const LONGEST = 2048
const SHORTEST = 40
const SIGNED = 1
const ENCRYPTED = 2
const MAC = 16
const NONCE = 12

function keysOf(secret: string): CursorKeys {
  const derive = (use: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'prisma-brisk', `cursor ${use}`, 32)))
  return { signing: derive('signing'), encrypting: derive('encrypting') }
}

function signed(body: Buffer, { signing }: CursorKeys): Buffer {
  const bytes = Buffer.allocUnsafe(1 + body.length + MAC)
  bytes[0] = SIGNED
  body.copy(bytes, 1)
  mac(bytes.subarray(0, -MAC), signing).copy(bytes, bytes.length - MAC, 0, MAC)
  return bytes
}

function verified(bytes: Buffer, { signing }: CursorKeys): Buffer | null {
  const expected = mac(bytes.subarray(0, -MAC), signing).subarray(0, MAC)
  return timingSafeEqual(bytes.subarray(-MAC), expected) ? bytes.subarray(1, -MAC) : null
}

function mac(bytes: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(bytes).digest()
}

function encrypted(body: Buffer, { encrypting }: CursorKeys, random: (size: number) => Buffer): Buffer {
  const nonce = random(NONCE)
  const cipher = createCipheriv('aes-256-gcm', encrypting, nonce).setAAD(Buffer.of(ENCRYPTED))
  const text = cipher.update(body)
  cipher.final()
  return Buffer.concat([Buffer.of(ENCRYPTED), nonce, text, cipher.getAuthTag()])
}

function decrypted(bytes: Buffer, { encrypting }: CursorKeys): Buffer | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', encrypting, bytes.subarray(1, 1 + NONCE))
      .setAAD(Buffer.of(ENCRYPTED))
      .setAuthTag(bytes.subarray(-MAC))
    const body = decipher.update(bytes.subarray(1 + NONCE, -MAC))
    decipher.final()
    return body
  } catch {
    return null
  }
}
