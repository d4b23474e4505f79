import { editor, EDITORS } from '../state/settings.ts'
import { useValue } from '../state/value.ts'
import { editorLink } from './editor-link.ts'
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
