import { Value } from './value.ts'

export type Theme = 'system' | 'light' | 'dark'
export type Editor = 'vscode' | 'cursor' | 'windsurf' | 'zed' | 'idea' | 'webstorm'

export const EDITORS: Readonly<Record<Editor, string>> = {
  vscode: 'VS Code',
  cursor: 'Cursor',
  windsurf: 'Windsurf',
  zed: 'Zed',
  idea: 'IntelliJ IDEA',
  webstorm: 'WebStorm',
}
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

export const theme = kept<Theme>('brisk-theme', 'system', THEMES)
export const editor = kept<Editor>('brisk-editor', 'vscode', Object.keys(EDITORS) as Editor[])

/** Draws the page as the setting says, now and when it changes. */
export function showTheme(): void {
  const show = (): void => {
    document.documentElement.dataset['theme'] = theme.get()
  }
  show()
  theme.listen(show)
}

/** A setting of this browser. */
function kept<T extends string>(key: string, standard: T, known: readonly T[]): Value<T> {
  const stored = localStorage.getItem(key) as T | null
  const value = new Value(stored !== null && known.includes(stored) ? stored : standard)
  value.listen(() => localStorage.setItem(key, value.get()))
  return value
}
