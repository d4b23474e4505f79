import { readFile } from 'node:fs/promises'

import { AdvisorError } from '../errors.ts'
import type { Statistics } from './statistics.ts'

/** A file that `brisk statistics export` wrote. */
export async function readStatistics(path: string): Promise<Statistics> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new AdvisorError('E_STATISTICS', `The statistics ${path} cannot be read: ${cause.message}`, {
      cause,
    })
  })
  return parseStatistics(text, path)
}

export function parseStatistics(text: string, name: string): Statistics {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new AdvisorError(
      'E_STATISTICS',
      `${name} is not JSON. Make it with: brisk statistics export > stats.json`,
    )
  }
  const wrong = check(value)
  if (wrong === null) return value as Statistics
  throw new AdvisorError(
    'E_STATISTICS',
    `${name} is no file of statistics: ${wrong}. Make it with: brisk statistics export > stats.json`,
  )
}

/** What is wrong first, with its place; null when all is as `Statistics` says. */
function check(value: unknown): string | null {
  if (!isObject(value)) return 'an object was expected'
  if (value['format'] !== 'prisma-brisk/statistics')
    return `format is ${shown(value['format'])}, not "prisma-brisk/statistics"`
  if (value['version'] !== 1) return `it has version ${shown(value['version'])}, this program reads version 1`
  const provider = value['provider']
  if (provider !== 'postgresql' && provider !== 'mysql' && provider !== 'sqlite') {
    return `provider is ${shown(provider)}, not postgresql, mysql or sqlite`
  }
  const server = value['server']
  if (!isObject(server) || typeof server['version'] !== 'number' || typeof server['name'] !== 'string') {
    return 'server.name or server.version is missing'
  }
  if (provider === 'postgresql' && (server['version'] < 120000 || server['version'] >= 190000)) {
    return `it is of ${server['name']}, and PostgreSQL 12 to 18 are known`
  }
  const shape = fields(value, '', {
    values: 'boolean',
    settings: 'object',
    extensions: 'array',
    types: 'array',
    unreadable: 'array',
    tables: 'array',
  })
  if (shape !== null) return shape
  for (const [at, table] of (value['tables'] as unknown[]).entries()) {
    const place = `tables[${at}]`
    if (!isObject(table)) return `${place} is no object`
    const wrong = fields(table, `${place}.`, {
      name: 'string',
      pages: 'number',
      analysedPages: 'number',
      rows: 'number',
      allVisiblePages: 'number',
      activity: 'object',
      columns: 'array',
      indexes: 'array',
      foreignKeys: 'array',
      extended: 'array',
    })
    if (wrong !== null) return wrong
    for (const [key, each] of [...entries(table, 'columns'), ...entries(table, 'indexes')]) {
      if (!isObject(each) || typeof each['name'] !== 'string') return `${place}.${key}.name is missing`
    }
    for (const [key, column] of entries(table, 'columns')) {
      const wrong = fields(column as Record<string, unknown>, `${place}.${key}.`, {
        type: 'string',
        isNullable: 'boolean',
      })
      if (wrong !== null) return wrong
    }
    for (const [key, index] of entries(table, 'indexes')) {
      const wrong = fields(index as Record<string, unknown>, `${place}.${key}.`, {
        definition: 'string',
        method: 'string',
        isValid: 'boolean',
        keys: 'array',
        pages: 'number',
      })
      if (wrong !== null) return wrong
    }
  }
  return null
}

type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array'

function fields(
  value: Record<string, unknown>,
  place: string,
  wanted: Readonly<Record<string, Kind>>,
): string | null {
  for (const [name, kind] of Object.entries(wanted)) {
    const given = value[name]
    const found = Array.isArray(given) ? 'array' : given === null ? 'null' : typeof given
    if (found !== kind)
      return `${place}${name} is ${found === 'undefined' ? 'missing' : `of type ${found}, not ${kind}`}`
  }
  return null
}

function entries(table: Record<string, unknown>, name: string): [string, unknown][] {
  return (table[name] as unknown[]).map((each, at) => [`${name}[${at}]`, each])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40)
}
