import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ChartProps, Drawing } from './chart.tsx'

/** Steps of the axes: times are told in whole seconds, and what is counted has no halves. */
const SECONDS = [
  1,
  2,
  5,
  10,
  15,
  30,
  ...[1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440].map((minutes) => 60 * minutes),
]
const COUNTS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** power)).flat()

/** Draws lines with uPlot, in the colours that the page has now. */
export function drawChart(place: HTMLElement, props: ChartProps, height: number): Drawing {
  const colour = (name: string): string => {
    // Of a colour with two sides the one that counts is known to elements alone.
    const probe = document.createElement('i')
    probe.style.color = `var(${name})`
    place.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  const { lines, max, format } = props
  const plot = new UPlot(
    {
      width: Math.max(200, place.clientWidth),
      height,
      padding: [8, 40, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, __, most) => [0, max ?? Math.max(1, most * 1.1)] } },
      axes: [
        { ...axis, values: '{HH}:{mm}:{ss}', incrs: SECONDS, space: 80, size: 28 },
        {
          ...axis,
          size: 56,
          values: (_, values) => values.map(format),
          ...(max === undefined ? { incrs: COUNTS } : {}),
        },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.name,
          stroke: colour(line.colour),
          width: 1.5,
          spanGaps: true,
          points: { show: false },
          ...(line.isFilled === true ? { fill: faded(colour(line.colour)) } : {}),
        })),
      ],
    },
    dataOf(props),
    place,
  )
  const watcher = new ResizeObserver(() => plot.setSize({ width: Math.max(200, place.clientWidth), height }))
  watcher.observe(place)
  return {
    show: (next) => plot.setData(dataOf(next)),
    end: () => {
      watcher.disconnect()
      plot.destroy()
    },
  }
}

function dataOf({ seconds, lines }: ChartProps): UPlot.AlignedData {
  return [[...seconds], ...lines.map(({ values }) => [...values])]
}

function faded(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.15)')
}
