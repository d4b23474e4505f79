import pc from 'picocolors'
import { findingId } from '../advice/finding-id.ts'
import { compareText } from '../text-order.ts'
import type { AdviceRun } from '../advice-run.ts'
import type { Evidence, Finding, Recommendation, Severity, WriteCost } from '../advice/advice.ts'

/** For people: grouped by model, each with its reason and where it comes from. */
export function textReport(
  run: AdviceRun,
  { colors, all = false }: { readonly colors: boolean; readonly all?: boolean },
): string {
  const paint = pc.createColors(colors)
  const { recommendations, findings, rejected } = run.advice
  const lines: string[] = []
  for (const [model, group] of byModel(recommendations)) {
    lines.push(paint.bold(model))
    for (const each of group) {
      lines.push(
        `  ${paint.green('+')} ${each.prisma}  ${severity(paint, each.severity)}${paint.dim(` · ${each.confidence}${gain(each)}`)}`,
      )
      lines.push(`    ${each.reason}`)
      for (const place of placesOf(each.evidence)) lines.push(paint.dim(`    ${place}`))
    }
    lines.push('')
  }
  const advised = findings.filter((each) => each.change !== undefined).sort(byCost)
  if (advised.length > 0) {
    lines.push(paint.bold('Beside indexes'))
    const shown = all ? advised : advised.slice(0, MOST_ADVICE)
    for (const each of shown) {
      lines.push(`  ${paint.yellow('!')} ${remark(each)}${costSaid(each)}`)
      lines.push(`    ${each.change}`, paint.dim(`    ${findingId(each)}`))
    }
    const left = advised.length - shown.length
    if (left > 0) lines.push(paint.dim(`  and ${left} more that cost less: --all`))
    lines.push('')
  }
  const remarks = findings.filter((each) => each.change === undefined)
  if (remarks.length > 0) {
    lines.push(paint.bold('Remarks'))
    for (const each of remarks) lines.push(`  ${paint.yellow('!')} ${remark(each)}`)
    lines.push('')
  }
  const warning = writeWarning(recommendations)
  if (warning !== null) lines.push(warning, '')
  lines.push(summary(recommendations, rejected.length))
  if (run.basis !== null) lines.push(paint.dim(run.basis))
  return `${lines.join('\n')}\n`
}

/** More than anyone takes up at once. */
const MOST_ADVICE = 5

/** The dearest first: by what a planner says it would save, else by the rows that are read. */
function byCost(a: Finding, b: Finding): number {
  return (
    saved(b) - saved(a) ||
    (b.cost?.rows ?? 0) - (a.cost?.rows ?? 0) ||
    compareText(findingId(a), findingId(b))
  )
}

function saved({ cost }: Finding): number {
  return cost?.before === undefined ? 0 : cost.before - (cost.after ?? 0)
}

/** ` Planned: cost 51,234 → 3.1.` */
export function costSaid({ cost }: Finding): string {
  if (cost?.before === undefined) return ''
  return ` Planned: cost ${rounded(cost.before)}${cost.after === undefined ? '' : ` → ${rounded(cost.after)}`}.`
}

type Paint = ReturnType<typeof pc.createColors>

function severity(paint: Paint, level: Severity): string {
  return level === 'high' ? paint.red(level) : level === 'medium' ? paint.yellow(level) : paint.dim(level)
}

/** `, cost 4,310 → 8.4, 21 MB, each write costs 0.9 more, inserts +23 %, in bulk +48 %` */
function gain({ before, after, sizeBytes, writeCost, writes }: Recommendation): string {
  const cost =
    before === undefined || after === undefined
      ? ''
      : `, cost ${rounded(before.cost)} → ${rounded(after.cost)}`
  const size = sizeBytes === undefined ? '' : `, ${megabytes(sizeBytes)}`
  const write = writeCost === undefined ? '' : `, each write costs ${rounded(writeCost)} more`
  return `${cost}${size}${write}, ${insertsOf([{ writes }])}`
}

/** `inserts +23 %, in bulk +48 %`: of several indexes of a table together. */
export function insertsOf(group: readonly Pick<Recommendation, 'writes'>[]): string {
  const sum = (of: (writes: WriteCost) => number) =>
    `${Math.round(100 * group.reduce((total, each) => total + of(each.writes), 0))} %`
  const least = group.some((each) => each.writes.isAtLeast === true) ? 'at least ' : ''
  return `inserts ${least}+${sum((each) => each.single)}, in bulk +${sum((each) => each.bulk)}`
}

/** What all of it costs writes, a line for each table that gets more than one index; null where none does. */
export function writeWarning(recommendations: readonly Recommendation[]): string | null {
  const lines = [...byModel(recommendations)]
    .filter(([, group]) => group.length > 1)
    .map(([model, group]) => `  ${model}: ${group.length} indexes more, ${insertsOf(group)}`)
  return lines.length === 0 ? null : `What they cost writes, about:\n${lines.join('\n')}`
}

export function rounded(cost: number): string {
  return cost >= 100 ? Math.round(cost).toLocaleString('en') : cost.toFixed(1)
}

export function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`
}

/** The first few; a column asked for everywhere needs no list of everywhere. */
export function placesOf(evidence: readonly Evidence[]): string[] {
  const all = evidencePlaces(evidence).map(({ place, calls }) =>
    calls === undefined ? place : `${place}  ${calls.toLocaleString('en')} calls`,
  )
  const more = all.length - 5
  return more > 0 ? [...all.slice(0, 5), `and ${more} more`] : all
}

/** Each place once, though it speaks for an index in several ways (a relation, and what deleting its parent does). */
export function evidencePlaces(
  evidence: readonly Evidence[],
): { readonly place: string; readonly calls: number | undefined }[] {
  const places = new Map<string, { place: string; calls: number | undefined }>()
  for (const { at, fingerprint, calls } of evidence) {
    const place = at ?? fingerprint
    if (place !== undefined && !places.has(`${place} ${calls}`))
      places.set(`${place} ${calls}`, { place, calls })
  }
  return [...places.values()]
}

function remark(finding: Finding): string {
  return finding.reason
}

function summary(recommendations: readonly Recommendation[], rejected: number): string {
  const count = recommendations.length
  const considered =
    rejected === 0 ? '' : ` ${rejected} considered and turned down: brisk explain Model.field says why.`
  if (count === 0) return `No index is missing.${considered}`
  return `${count} ${count === 1 ? 'index' : 'indexes'} recommended.${considered} brisk advise --write adds them with a migration.`
}

/** In the order of the models' names. */
export function byModel(recommendations: readonly Recommendation[]): Map<string, Recommendation[]> {
  const groups = new Map<string, Recommendation[]>()
  for (const each of recommendations) groups.set(each.model, [...(groups.get(each.model) ?? []), each])
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}
