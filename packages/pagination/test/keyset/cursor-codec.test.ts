import { createHash, randomBytes } from 'node:crypto'
import { CursorCodec } from '../../src/keyset/cursor-codec.ts'
import { resolveOptions, type CursorOptions } from '../../src/options.ts'
import { Random } from '../../../../test/support/random.ts'

const binding = createHash('sha256').update('this model, order, filter and scope').digest()
const other = createHash('sha256').update('another').digest()
const secret = 'a secret of sixteen'

const codec = (options: CursorOptions = {}, now = () => 1_700_000_000_000) =>
  new CursorCodec(resolveOptions({ cursor: { secret, ...options } }).cursor, now)

const code = (run: () => unknown) => {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe.each([false, true])('cursors, encrypted: %s', (encrypt) => {
  test('P23 carry their values there and back', () => {
    const values = ['2024-01-01', null, '😀', -1.5, true, '9223372036854775807']
    const token = codec({ encrypt }).encode(binding, values) as string
    expect(token).toMatch(/^[\w-]+$/)
    expect(codec({ encrypt }).decode(token, binding, 'after')).toEqual(values)
  })

  test('P23 of something else are E_CURSOR_MISMATCH', () => {
    const token = codec({ encrypt }).encode(other, [1])
    expect(code(() => codec({ encrypt }).decode(token, binding, 'after'))).toBe('E_CURSOR_MISMATCH')
  })

  test('P23 that are not text, too short, too long, padded or of the other kind are E_INVALID_CURSOR', () => {
    const good = codec({ encrypt }).encode(binding, [1]) as string
    const kind = codec({ encrypt: !encrypt }).encode(binding, [1])
    for (const token of [
      1,
      {},
      ['x'],
      '',
      'x',
      'A'.repeat(2049),
      `${good}=`,
      `${good} `,
      ` ${good}`,
      `${good}A`,
      good.slice(1),
      kind,
    ])
      expect(code(() => codec({ encrypt }).decode(token, binding, 'after'))).toBe('E_INVALID_CURSOR')
  })

  test('P23 a message holds neither the cursor nor the secret', () => {
    const token = `${codec({ encrypt }).encode(binding, ['a private value']) as string}x`
    try {
      codec({ encrypt }).decode(token, binding, 'after')
    } catch (error) {
      expect((error as Error).message).not.toContain(token)
      expect((error as Error).message).not.toContain(secret)
    }
    expect.assertions(2)
  })

  test('P23 older than maxAge are E_CURSOR_EXPIRED', () => {
    let now = 1_700_000_000_000
    const aging = codec({ encrypt, maxAge: 60 }, () => now)
    const token = aging.encode(binding, [1]) as string
    now += 60_000
    expect(aging.decode(token, binding, 'after')).toEqual([1])
    now += 1000
    expect(code(() => aging.decode(token, binding, 'after'))).toBe('E_CURSOR_EXPIRED')
  })

  test('P23 rotated secrets verify until they are removed', () => {
    const [old, fresh] = ['the old secret of ours', 'the new secret of ours']
    const token = codec({ encrypt, secret: old }).encode(binding, [1]) as string
    const rotating = codec({ encrypt, secret: [fresh, old] })
    expect(rotating.decode(token, binding, 'after')).toEqual([1])
    const renewed = rotating.encode(binding, [2])
    expect(codec({ encrypt, secret: fresh }).decode(renewed, binding, 'after')).toEqual([2])
    expect(code(() => codec({ encrypt, secret: fresh }).decode(token, binding, 'after'))).toBe(
      'E_INVALID_CURSOR',
    )
    expect(code(() => codec({ encrypt, secret: old }).decode(renewed, binding, 'after'))).toBe(
      'E_INVALID_CURSOR',
    )
  })

  test('P23 every change of a single bit is refused', () => {
    const strict = codec({ encrypt })
    const bytes = Buffer.from(strict.encode(binding, ['abc', 42]) as string, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(code(() => strict.decode(changed.toString('base64url'), binding, 'after'))).toBe(
        'E_INVALID_CURSOR',
      )
    }
  })

  // A million in all; those that are encrypted take five times as long each.
  const mutations = Number(process.env['BRISK_MUTATIONS'] ?? (encrypt ? 200_000 : 800_000))

  test(`P23 of ${mutations} random and changed tokens none is accepted`, () => {
    const strict = codec({ encrypt })
    const random = new Random(5)
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const good = Array.from(
      { length: 8 },
      (_, index) => strict.encode(binding, [index, 'x'.repeat(index * 5)]) as string,
    )
    const pool = randomBytes(4096).toString('base64url')
    let accepted = 0
    for (let mutation = 0; mutation < mutations; mutation++) {
      const token = good[mutation % good.length] as string
      const at = random.int(0, token.length - 1)
      const kind = mutation % 5
      const changed =
        kind === 0
          ? pool.slice(at * 7, at * 7 + token.length)
          : kind === 1
            ? token.slice(0, at)
            : kind === 2
              ? token.slice(0, at) + letters[random.int(0, 63)] + token.slice(at)
              : token.slice(0, at) +
                letters[(letters.indexOf(token[at] as string) + random.int(1, 63)) % 64] +
                token.slice(at + 1)
      if (strict.accepts(changed, binding)) accepted++
    }
    expect(accepted).toBe(0)
  })
})

test('P24 encrypted values cannot be read from the token, and no two tokens are alike', () => {
  const read = (token: string) => Buffer.from(token, 'base64url').toString('latin1')
  const values = ['confidential']
  expect(read(codec().encode(binding, values) as string)).toContain('confidential')
  const tokens = [1, 2].map(() => codec({ encrypt: true }).encode(binding, values) as string)
  for (const token of tokens) expect(read(token)).not.toContain('confidential')
  expect(tokens[0]).not.toBe(tokens[1])
})

test('P23 values too long for a cursor make none', () => {
  expect(codec().encode(binding, ['x'.repeat(1600)])).toBeNull()
})
