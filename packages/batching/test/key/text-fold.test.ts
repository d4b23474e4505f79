import { anyCase, asciiCase, onlyAscii, sameBlanks, uuid } from '../../src/key/text-fold.ts'

test('B9 letters of one case pair have one fold, in whatever language', () => {
  const split: string[] = []
  for (let code = 0; code <= 0x1ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const letter = String.fromCodePoint(code)
    for (const other of [
      letter.toLowerCase(),
      letter.toLocaleLowerCase('tr'),
      letter.toLocaleLowerCase('lt'),
    ]) {
      if (anyCase(letter) !== anyCase(other)) split.push(`${letter} ${other}`)
    }
  }
  expect(split).toEqual([])
})

test('B9 SQLite ignores the case of ASCII letters and trailing blanks at most', () => {
  expect(asciiCase('Abc  ')).toBe(asciiCase('aBC'))
  expect(asciiCase('é')).not.toBe(asciiCase('É'))
  expect(asciiCase(' a')).not.toBe(asciiCase('a'))
})

test('B9 MySQL: what other characters are equal to is not certain', () => {
  expect(onlyAscii('Abc')).toBe('ABC')
  expect(onlyAscii('é')).toBeNull()
  expect(onlyAscii('a\tb')).toBeNull()
})

test('B9 blanks and UUIDs', () => {
  expect(sameBlanks('a  ')).toBe('a')
  expect(sameBlanks('a\t')).toBe('a\t')
  const id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'
  for (const spelling of [id.toUpperCase(), `{${id}}`, id.replaceAll('-', '')])
    expect(uuid(spelling)).toBe(uuid(id))
  for (const bad of ['', 'x', `{${id}`, `${id}0`, id.replace('-', ' ')]) expect(uuid(bad)).toBeNull()
})
