export const style = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5c6675; --line: #dfe3ea; --page: #fff; --card: #f7f8fa; --accent: #2257c4; --hot: #d64531; --good: #1d8348; --warn: #b9770e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #313846; --page: #14181f; --card: #1c212b; --accent: #7aa5ff; --hot: #e0604d; --good: #58c98b; --warn: #e0a84d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 76rem; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; } h3 { margin: 0 0 .4rem; font-size: 1rem; } h4 { margin: 1rem 0 .3rem; font-size: .85rem; color: var(--soft); text-transform: uppercase; letter-spacing: .04em; }
.lead { color: var(--soft); margin: .2rem 0 1.2rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .88em; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; } th { color: var(--soft); font-weight: 600; font-size: .85rem; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.index { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem; margin: .8rem 0; }
.badge { display: inline-block; padding: 0 .5rem; border-radius: 99px; border: 1px solid var(--line); font-size: .8rem; color: var(--soft); } .badge.high { color: var(--hot); border-color: currentColor; } .badge.medium { color: var(--warn); border-color: currentColor; }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: .6rem 0; } dt { color: var(--soft); font-size: .82rem; } dd { margin: 0; font-variant-numeric: tabular-nums; }
pre.sql { overflow-x: auto; padding: .6rem .8rem; background: var(--page); border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
details.query { border-top: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; } .calls { color: var(--soft); white-space: nowrap; }
.bindings { display: flex; flex-wrap: wrap; gap: .4rem; margin: .6rem 0; } .bindings button { font: inherit; font-size: .85rem; padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 99px; background: var(--page); color: var(--ink); cursor: pointer; } .bindings button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); }
.pair { display: flex; flex-wrap: wrap; gap: 1.2rem; } .scripted .pair:not(.shown) { display: none; } .binding { width: 100%; margin: 0; color: var(--soft); } .scripted .binding { display: none; } body:not(.scripted) .bindings { display: none; }
figure { margin: 0; flex: 1 1 22rem; min-width: 0; } figcaption { color: var(--soft); font-size: .85rem; margin-bottom: .3rem; } .plan { overflow-x: auto; }
.plan rect { fill: color-mix(in srgb, var(--hot) var(--heat), var(--page)); fill-opacity: .32; stroke: color-mix(in srgb, var(--hot) var(--heat), var(--soft)); } .plan text { fill: var(--ink); font-size: 12px; } .plan .type { font-weight: 600; } .plan .subject, .plan .numbers { fill: var(--soft); font-size: 11px; } .plan .edge { fill: none; stroke: var(--soft); stroke-opacity: .5; }
.rejected { margin-top: 2rem; }
@media print { details { display: block; } }
`

export const script = `
document.body.classList.add('scripted')
for (const query of document.querySelectorAll('.query')) {
  const buttons = query.querySelectorAll('button')
  for (const button of buttons) button.addEventListener('click', () => {
    for (const each of buttons) each.setAttribute('aria-pressed', String(each === button))
    for (const pair of query.querySelectorAll('.pair')) pair.classList.toggle('shown', pair.dataset.binding === button.dataset.binding)
  })
}
`
