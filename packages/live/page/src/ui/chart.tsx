import { useEffect, useRef, useState } from 'preact/hooks'
import { theme } from '../state/settings.ts'
import { useValue } from '../state/value.ts'

/** A line of a {@link Chart}. */
export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
  /** A colour of the page's, as `--sql`. */
  readonly colour: string
  readonly isFilled?: boolean
}

interface ChartProps {
  /** What it shows, for who does not see it. */
  readonly label: string
  /** Seconds since 1970. */
  readonly seconds: readonly number[]
  readonly lines: readonly Line[]
  /** Of the scale: 1 for a share. Default: as the values need. */
  readonly max?: number
  readonly format: (value: number) => string
}

const HEIGHT_PX = 180

/** Lines over time. */
export function Chart(props: ChartProps) {
  const { label, seconds, lines } = props
  const place = useRef<HTMLDivElement>(null)
  const chosen = useValue(theme)
  const [isDark, setDark] = useState(() => DARK.matches)
  useEffect(() => {
    const look = (): void => setDark(DARK.matches)
    DARK.addEventListener('change', look)
    return () => DARK.removeEventListener('change', look)
  }, [])
  const drawing = useRef<Drawing | null>(null)
  const latest = useRef(props)
  latest.current = props
  const isEmpty = seconds.length < 2
  useEffect(() => {
    if (isEmpty) return
    let isWanted = true
    void import('./draw-chart.ts').then(({ drawChart }) => {
      if (isWanted && place.current !== null)
        drawing.current = drawChart(place.current, latest.current, HEIGHT_PX)
    })
    return () => {
      isWanted = false
      drawing.current?.end()
      drawing.current = null
    }
  }, [chosen, isDark, isEmpty, lines.map(({ name }) => name).join()])
  useEffect(() => drawing.current?.show(props))
  return (
    <figure class="chart">
      <figcaption>
        {lines.map(({ name, colour }) => (
          <span key={name}>
            <i class={`key of${colour}`} /> {name}
          </span>
        ))}
      </figcaption>
      {isEmpty ? (
        <p class="drawing hint-line">There is a line once requests came at two different times.</p>
      ) : (
        <div key="drawing" class="drawing" role="img" aria-label={label} ref={place} />
      )}
    </figure>
  )
}

/** What is drawn into the page. */
export interface Drawing {
  show(props: ChartProps): void
  end(): void
}

export type { ChartProps }

const DARK = matchMedia('(prefers-color-scheme: dark)')
