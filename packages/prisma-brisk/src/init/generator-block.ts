/** Whether schema text has our generator. */
export function hasBriskGenerator(text: string): boolean {
  return /^\s*generator\s+\w+\s*\{[^}]*provider\s*=\s*"prisma-brisk"/m.test(withoutComments(text))
}

/**
 * Schema text with our generator behind the last generator block, else before the datasource; nothing else changes.
 * Null where the text has neither.
 */
export function addBriskGenerator(text: string): string | null {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const block = ['generator brisk {', '  provider = "prisma-brisk"', '}'].join(newline)
  const generators = [...withoutComments(text).matchAll(/^[ \t]*generator\s+\w+\s*\{[^}]*\}/gm)]
  const last = generators.at(-1)
  if (last !== undefined) {
    const end = last.index + last[0].length
    return `${text.slice(0, end)}${newline}${newline}${block}${text.slice(end)}`
  }
  const datasource = /^[ \t]*datasource\s+\w+\s*\{/m.exec(withoutComments(text))
  if (datasource === null) return null
  return `${text.slice(0, datasource.index)}${block}${newline}${newline}${text.slice(datasource.index)}`
}

/** The text with comments blanked, offsets unchanged. */
function withoutComments(text: string): string {
  return text.replace(/"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) =>
    match.startsWith('"') ? match : match.replace(/[^\n]/g, ' '),
  )
}
