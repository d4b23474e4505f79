/** Text that is HTML already. Everything else is escaped when it is put into a template. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | readonly Part[]

/** `html\`<b>${anything}</b>\`` */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return raw(strings.reduce((text, each, at) => text + print(parts[at - 1] ?? '') + each))
}

export function raw(text: string): Html {
  return { html: text }
}

function print(part: Part): string {
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return 'html' in part ? part.html : part.map(print).join('')
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
