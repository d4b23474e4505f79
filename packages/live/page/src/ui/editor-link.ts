import type { Editor } from '../state/settings.ts'

/** The address that has an editor open `file:line:column`; null where the text is no such place. */
export function editorLink(callSite: string, name: Editor): string | null {
  const [, path = '', line, column = '1'] = /^(.+?):(\d+)(?::(\d+))?$/.exec(callSite) ?? []
  if (line === undefined || !/^(\/|[A-Za-z]:[/\\])/.test(path)) return null
  const slashed = path.replaceAll('\\', '/').replace(/^(?!\/)/, '/')
  const file = slashed.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':')
  if (name === 'idea' || name === 'webstorm')
    return `${name}://open?file=${encodeURIComponent(path)}&line=${line}&column=${column}`
  return `${name}://file${file}:${line}:${column}`
}
