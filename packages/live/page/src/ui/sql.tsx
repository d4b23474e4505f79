import { useEffect, useState } from 'preact/hooks'

/** A statement, laid out and coloured. */
export function Sql({ text }: { text: string }) {
  const [shown, setShown] = useState(text)
  useEffect(() => {
    let isWanted = true
    setShown(text)
    import('./sql-layout.ts')
      .then(({ laidOut }) => isWanted && setShown(laidOut(text)))
      // Without the layout it is still the statement.
      .catch(() => undefined)
    return () => {
      isWanted = false
    }
  }, [text])
  return (
    <pre class="sql" tabIndex={0}>
      <code>
        {tokensOf(shown).map(([kind, part], index) =>
          kind === null ? (
            part
          ) : (
            <span key={index} class={`token-${kind}`}>
              {part}
            </span>
          ),
        )}
      </code>
    </pre>
  )
}

type Kind = 'word' | 'text' | 'name' | 'number' | 'value' | 'comment'

const WORDS = new Set(
  `ADD ALL ALTER ANALYZE AND ANY AS ASC BEGIN BETWEEN BY CASE COALESCE COMMIT CONFLICT COUNT CREATE CROSS DEFAULT DELETE DESC DISTINCT DO DROP
  ELSE END EXCEPT EXISTS FALSE FIRST FOR FROM FULL GROUP HAVING IN INDEX INNER INSERT INTERSECT INTO IS JOIN LAST LATERAL LEFT LIKE ILIKE
  LIMIT LOCKED MAX MIN NOT NOTHING NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION RECURSIVE RELEASE RETURNING RIGHT ROLLBACK ROW
  SAVEPOINT SELECT SET SKIP SUM TABLE THEN TRUE UNION UNIQUE UPDATE USING VALUES WHEN WHERE WITH`.split(
    /\s+/,
  ),
)
const TOKEN =
  /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*')|("(?:[^"]|"")*"|`(?:[^`]|``)*`)|(\$\d+|\?|…)|(\b\d+(?:\.\d+)?\b)|([A-Za-z_]+)|([\s\S])/g

/** The text in pieces; what is nothing special has no kind. */
export function tokensOf(sql: string): [kind: Kind | null, part: string][] {
  const tokens: [Kind | null, string][] = []
  for (const [part, comment, text, name, value, number, word] of sql.matchAll(TOKEN)) {
    const kind: Kind | null =
      comment !== undefined
        ? 'comment'
        : text !== undefined
          ? 'text'
          : name !== undefined
            ? 'name'
            : value !== undefined
              ? 'value'
              : number !== undefined
                ? 'number'
                : word !== undefined && WORDS.has(word.toUpperCase())
                  ? 'word'
                  : null
    const last = tokens.at(-1)
    if (last !== undefined && last[0] === kind && kind === null) last[1] += part
    else tokens.push([kind, part])
  }
  return tokens
}
