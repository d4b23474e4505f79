import type { ComponentChildren } from 'preact'

/** What stands beside the list when no request is open. */
export function Tab({
  title,
  about,
  children,
}: {
  title: string
  about?: string
  children: ComponentChildren
}) {
  return (
    <article class="tab">
      <header>
        <h2>{title}</h2>
        {about !== undefined && <p class="about">{about}</p>}
      </header>
      {children}
    </article>
  )
}
