import type { AdviceRun, Decision } from '../advice-run.ts'
import { candidateId } from '../candidate/candidate.ts'
import type { QueryProof } from '../selection/index-selector.ts'
import type { Recommendation } from '../advice/advice.ts'
import { drawPlan } from './html-plan.ts'
import { html, type Html, raw } from './html-text.ts'
import { script, style } from './html-style.ts'
import { byModel, evidencePlaces, insertsOf } from './text-report.ts'

/**
 * One page with everything in it: no file beside it, nothing fetched, no value of any parameter. It works without
 * JavaScript; with it, plans can be switched between the values they were made with.
 */
export function htmlReport(run: AdviceRun): string {
  const { recommendations, findings, rejected, provider } = run.advice
  const decisions = new Map(
    run.decisions.map((decision) => [candidateId(decision.chosen.candidate), decision]),
  )
  const count = recommendations.length
  const body = html` <header>
      <h1>Index advice</h1>
      <p class="lead">
        ${count === 0 ? 'No index is missing.' : `${count} ${count === 1 ? 'index' : 'indexes'} recommended for ${provider}.`}
        ${run.basis ?? ''}
      </p>
      ${summary(recommendations)}
    </header>
    <main>
      ${[...byModel(recommendations)].map(
        ([model, group]) =>
          html`<section class="model" aria-labelledby="model-${model}">
            <h2 id="model-${model}">${model}</h2>
            ${group.map((each) => recommendation(each, decisions.get(each.id)))}
          </section>`,
      )}
      ${list(
        'Remarks',
        findings.map((each) => html`<li>${each.reason}</li>`),
      )}
      ${rejections(rejected)}
    </main>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Index advice</title>
<style>${style}</style>
</head>
<body>${body.html}
<script>${script}</script>
</body>
</html>
`
}

/** Those that nothing is known for are left out. */
const COLUMNS: readonly { readonly title: string; readonly cell: (each: Recommendation) => string }[] = [
  { title: 'Cost before', cell: ({ before }) => (before === undefined ? '' : cost(before.cost)) },
  { title: 'after', cell: ({ after }) => (after === undefined ? '' : cost(after.cost)) },
  { title: 'Gain', cell: (each) => gain(each) },
  { title: 'Size', cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : size(sizeBytes)) },
  { title: 'A write', cell: ({ writeCost }) => (writeCost === undefined ? '' : `+${cost(writeCost)}`) },
]

function summary(recommendations: readonly Recommendation[]): Html {
  if (recommendations.length === 0) return raw('')
  const columns = COLUMNS.filter(({ cell }) => recommendations.some((each) => cell(each) !== ''))
  return html`<table class="summary">
    <thead>
      <tr>
        <th>Index</th>
        <th>Severity</th>
        ${columns.map(({ title }) => html`<th>${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${recommendations.map(
        (each) =>
          html`<tr>
            <td>
              <a href="#${anchor(each.id)}"><code>${each.id}</code></a>
            </td>
            <td><span class="badge ${each.severity}">${each.severity}</span></td>
            ${columns.map(({ cell }) => html`<td class="number">${cell(each)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`
}

function recommendation(each: Recommendation, decision: Decision | undefined): Html {
  const proof = decision?.chosen.proof
  return html`<article class="index" id="${anchor(each.id)}">
    <h3><code>${each.prisma}</code></h3>
    <p>
      <span class="badge ${each.severity}">${each.severity}</span>
      <span class="badge">${each.confidence}</span> ${each.reason}
    </p>
    <dl>
      ${
        each.before !== undefined && each.after !== undefined
          ? html`<div>
              <dt>Cost of its queries</dt>
              <dd>${cost(each.before.cost)} → ${cost(each.after.cost)} (${gain(each)})</dd>
            </div>`
          : ''
      }
      ${
        each.sizeBytes === undefined
          ? ''
          : html`<div>
              <dt>Size</dt>
              <dd>${size(each.sizeBytes)}</dd>
            </div>`
      }
      ${
        each.writeCost === undefined
          ? ''
          : html`<div>
              <dt>Cost of each write</dt>
              <dd>${each.writeCost}</dd>
            </div>`
      }
      <div>
        <dt>Inserts</dt>
        <dd>${insertsOf([each]).slice('inserts '.length)}</dd>
      </div>
    </dl>
    <pre class="sql">${each.sql}</pre>
    ${evidence(each)} ${proof === undefined ? '' : queries(proof.queries)}
    ${
      proof === undefined
        ? ''
        : list(
            'Also considered',
            proof.considered.map((other) => html`<li><code>${other.id}</code>: ${other.reason}</li>`),
            'h4',
          )
    }
  </article>`
}

function evidence(each: Recommendation): Html {
  const places = evidencePlaces(each.evidence).map(
    ({ place, calls }) =>
      html`<li>
        <code>${place}</code>${calls === undefined ? '' : ` ${Math.round(calls).toLocaleString('en')} calls`}
      </li>`,
  )
  return list('Where it comes from', places, 'h4')
}

/** One block for each statement, its plans before and after side by side, one pair for each kind of values. */
function queries(proofs: readonly QueryProof[]): Html {
  const byFingerprint = new Map<string, QueryProof[]>()
  for (const proof of proofs)
    byFingerprint.set(proof.fingerprint, [...(byFingerprint.get(proof.fingerprint) ?? []), proof])
  return html`<h4>Plans</h4>
    ${[...byFingerprint.values()].map((group) => {
      const [first] = group
      if (first === undefined) return ''
      return html`<details class="query">
        <summary>
          <code>${first.sql}</code
          >${first.calls === null ? '' : html` <span class="calls">${Math.round(first.calls).toLocaleString('en')} calls</span>`}
        </summary>
        <div class="bindings" role="group" aria-label="values">
          ${group.map(
            (proof, at) =>
              html`<button
                type="button"
                data-binding="${proof.binding}"
                aria-pressed="${at === 0 ? 'true' : 'false'}"
              >
                ${bindingName(proof.binding)} ${cost(proof.before.cost)} → ${cost(proof.after.cost)}
              </button>`,
          )}
        </div>
        ${group.map(
          (proof, at) =>
            html`<div class="pair${at === 0 ? ' shown' : ''}" data-binding="${proof.binding}">
              <p class="binding">${bindingName(proof.binding)}</p>
              <figure>
                <figcaption>Before: cost ${cost(proof.before.cost)}</figcaption>
                ${drawPlan(proof.before.plan)}
              </figure>
              <figure>
                <figcaption>After: cost ${cost(proof.after.cost)}</figcaption>
                ${drawPlan(proof.after.plan)}
              </figure>
            </div>`,
        )}
      </details>`
    })}`
}

function rejections(rejected: readonly { model: string; fields: readonly string[]; reason: string }[]): Html {
  if (rejected.length === 0) return raw('')
  return html`<details class="rejected">
    <summary>${rejected.length} considered and turned down</summary>
    <table>
      <thead>
        <tr>
          <th>Index</th>
          <th>Why not</th>
        </tr>
      </thead>
      <tbody>
        ${rejected.map(
          (each) =>
            html`<tr>
              <td><code>${each.model}(${each.fields.join(', ')})</code></td>
              <td>${each.reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`
}

function list(title: string, items: readonly Html[], level: 'h2' | 'h4' = 'h2'): Html {
  if (items.length === 0) return raw('')
  return level === 'h2'
    ? html`<section>
        <h2>${title}</h2>
        <ul>
          ${items}
        </ul>
      </section>`
    : html`<h4>${title}</h4>
        <ul>
          ${items}
        </ul>`
}

function bindingName(binding: QueryProof['binding']): string {
  return binding === 'generic' ? 'generic plan' : `${binding} values`
}

function anchor(id: string): string {
  return id.replace(/\W+/g, '-').toLowerCase()
}

function cost(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

function gain({ before, after }: Recommendation): string {
  if (before === undefined || after === undefined || after.cost <= 0) return ''
  const times = before.cost / after.cost
  return `${times >= 10 ? Math.round(times).toLocaleString('en') : times.toFixed(1)}×`
}

function size(bytes: number): string {
  return bytes >= 1_000_000
    ? `${Math.round(bytes / 1e6).toLocaleString('en')} MB`
    : `${Math.max(1, Math.round(bytes / 1000))} kB`
}
