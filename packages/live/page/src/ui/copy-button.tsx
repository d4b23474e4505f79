import { useEffect, useState } from 'preact/hooks'

/** Puts a text on the clipboard, and says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setState('done'),
      () => setState('failed'),
    )
  }
  return (
    <button class="copy" onClick={copy}>
      <span class={state === 'idle' ? '' : 'away'}>{label}</span>
      <span role="status" class="answer">
        {state === 'done' ? 'Copied' : state === 'failed' ? 'Not allowed' : ''}
      </span>
    </button>
  )
}
