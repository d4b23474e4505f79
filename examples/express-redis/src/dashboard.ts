import type { CacheStats } from '@prisma-brisk/cache'

/** Hit rates by model, as one page without scripts. */
export function dashboard({ hitRate, models, store }: CacheStats): string {
  const rows = Object.entries(models).map(([model, { hits, stale, misses, bypasses }]) => {
    const all = hits + stale + misses + bypasses
    return `<tr><td>${model}</td><td>${percent(all === 0 ? 0 : (hits + stale) / all)}</td><td>${hits}</td><td>${stale}</td><td>${misses}</td><td>${bypasses}</td></tr>`
  })
  return `<!doctype html>
<meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Cache</title>
<h1>${percent(hitRate)} of cached reads hit</h1>
<p>${store.name} is ${store.available ? 'available' : 'away: reads go to the database'}; ${store.journal} invalidations wait.</p>
<table><tr><th>model</th><th>hit rate</th><th>hits</th><th>stale</th><th>misses</th><th>bypasses</th></tr>${rows.join('')}</table>`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
