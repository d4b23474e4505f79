import { editor, EDITORS, type Editor } from '../state/settings.ts'
import { useValue } from '../state/value.ts'
import { shortPlace } from './format.ts'

/** A place in the code; a click opens it in the editor of the settings. */
export function PlaceLink({ callSite, cwd }: { callSite: string; cwd?: string | undefined }) {
  const name = useValue(editor)
  const link = editorLink(callSite, name)
  const text = shortPlace(callSite, cwd)
  if (link === null) return <span class="place">{text}</span>
  return (
    <a class="place" href={link} title={`Open ${callSite} in ${EDITORS[name]}`}>
      {text}
    </a>
  )
}

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
