/** What stands for a value that is not shown. */
const HIDDEN = '•••'

/**
 * Arguments as somebody would write them, over several lines.
 *
 * @param shows whether values are shown; what is true, false or null is shown anyway
 */
export function argumentText(value: unknown, shows: boolean, indent = ''): string {
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    const members = value.map((each) => argumentText(each, shows, deeper))
    const flat = `[${members.join(', ')}]`
    return flat.length < 60 && !flat.includes('\n')
      ? flat
      : `[\n${members.map((each) => `${deeper}${each}`).join(',\n')}\n${indent}]`
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, each]) =>
        `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: ${argumentText(each, shows, deeper)}`,
    )
    const flat = members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
    return flat.length < 60 && !flat.includes('\n')
      ? flat
      : `{\n${members.map((each) => `${deeper}${each}`).join(',\n')}\n${indent}}`
  }
  if (value === null || typeof value === 'boolean') return String(value)
  return shows ? JSON.stringify(value) : HIDDEN
}

/** The same where the application has told kinds alone: `string`, and `[number × 38]`. */
export function kindText(value: unknown, indent = ''): string {
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    const [member, length] = value as [unknown?, number?]
    return value.length === 0 ? '[]' : `[${kindText(member, deeper)} × ${length ?? 1}]`
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, each]) => `${name}: ${kindText(each, deeper)}`)
    const flat = members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
    return flat.length < 60 && !flat.includes('\n')
      ? flat
      : `{\n${members.map((each) => `${deeper}${each}`).join(',\n')}\n${indent}}`
  }
  return String(value)
}
