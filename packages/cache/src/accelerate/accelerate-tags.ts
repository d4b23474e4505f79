import { createHash } from 'node:crypto'

/** Accelerate takes at most so many tags a query, and a request to invalidate. */
export const MOST_TAGS = 5

/** Tags that stand for all of the user's own, and for all models, of an entry that has too many to name. */
const ANY_OWN = 'brisk_any_tag'
const ANY_MODEL = 'brisk_any_model'
const FITTING = /^[A-Za-z0-9_]{1,64}$/

/**
 * The tags of a query for Accelerate, which takes five of `[A-Za-z0-9_]{1,64}`. Tags that fit are passed as they are,
 * others as a hash. Where there are more than five, the user's tags collapse into one, then the models, and invalidating
 * any of them reaches the collapsed one too: an entry is rather lost than kept.
 */
export function accelerateTags(own: readonly string[], models: readonly string[]): readonly string[] {
  const ownTags = own.map(ownTag)
  const modelTags = models.map(modelTag)
  if (ownTags.length + modelTags.length <= MOST_TAGS) return [...ownTags, ...modelTags]
  if (ownTags.length > 0 && 1 + modelTags.length <= MOST_TAGS) return [ANY_OWN, ...modelTags]
  if (ownTags.length + 1 <= MOST_TAGS) return [...ownTags, ANY_MODEL]
  return [ANY_OWN, ANY_MODEL]
}

/** The requests that invalidate these tags and models, five tags each. */
export function invalidationRequests(own: readonly string[], models: readonly string[]): readonly string[][] {
  const tags = new Set<string>()
  for (const tag of own) tags.add(ownTag(tag))
  if (own.length > 0) tags.add(ANY_OWN)
  for (const model of models) tags.add(modelTag(model))
  if (models.length > 0) tags.add(ANY_MODEL)
  const list = [...tags]
  return Array.from({ length: Math.ceil(list.length / MOST_TAGS) }, (_, index) =>
    list.slice(index * MOST_TAGS, (index + 1) * MOST_TAGS),
  )
}

function ownTag(tag: string): string {
  return FITTING.test(tag) ? tag : `brisk_h_${hash(tag)}`
}

function modelTag(model: string): string {
  const tag = `brisk_m_${model}`
  return FITTING.test(tag) ? tag : `brisk_n_${hash(model)}`
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40)
}
