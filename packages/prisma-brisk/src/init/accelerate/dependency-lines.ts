/**
 * A package.json with one dependency replaced by others, where it stood; all else stays as it is, to the byte. Those that
 * are there already are not added. Null where the dependency stands there not exactly once.
 */
export function replaceDependency(
  text: string,
  dependency: string,
  others: readonly (readonly [name: string, range: string])[],
): string | null {
  const quoted = JSON.stringify(dependency).replaceAll(/[/.]/g, String.raw`\$&`)
  const places = [...text.matchAll(new RegExp(`([ \\t]*)${quoted}(\\s*:\\s*)"[^"]*"`, 'g'))]
  const [place] = places
  if (place === undefined || places.length > 1) return null
  const [line, indent = '', colon = ': '] = place
  const added = others
    .filter(([name]) => !text.includes(`${JSON.stringify(name)}:`))
    .map(([name, range]) => `${indent}${JSON.stringify(name)}${colon}${JSON.stringify(range)}`)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const before = text.slice(0, place.index)
  const after = text.slice(place.index + line.length)
  if (added.length > 0) return before + added.join(`,${newline}`) + after
  // A line less, and the comma that was behind it or before it.
  const withComma = /^\s*,[ \t]*\r?\n?/.exec(after)
  if (withComma !== null) return before + after.slice(withComma[0].length)
  return before.replace(/,\s*$/, newline) + after.replace(/^[ \t]*\r?\n/, '')
}
