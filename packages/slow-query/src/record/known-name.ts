import type { Host } from '@prisma-brisk/core'

/** Tables and columns, where the schema is known: what SQLite would otherwise take for a string. */
export function isKnownName(host: Host, name: string): boolean {
  if (host.provider !== 'sqlite') return true
  let names = namesOf.get(host)
  if (names === undefined) {
    names = new Set()
    for (const model of host.schema()?.models.values() ?? []) {
      names.add(model.table)
      for (const field of model.fields.values()) names.add(field.column)
    }
    namesOf.set(host, names)
  }
  return names.has(name)
}

const namesOf = new WeakMap<Host, Set<string>>()
