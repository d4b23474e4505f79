/** What is written behind a statement, by key, as `sqlcommenter` writes it. */
export function commentOf({ sql }: { readonly sql: string }): Record<string, string> {
  const text = /\/\*([^]*)\*\/$/.exec(sql)?.[1]
  if (text === undefined) return {}
  return Object.fromEntries(
    text.split(',').map((tag) => {
      const [key, value = ''] = tag.split('=')
      return [key, decodeURIComponent(value.slice(1, -1))]
    }),
  )
}
