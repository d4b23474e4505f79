import type { Remark } from './advice.ts'

/** `redundant-index:Post:Post_authorId_idx`: the same in every run; `brisk explain` takes it. */
export function findingId({ kind, model, index }: Pick<Remark, 'kind' | 'model' | 'index'>): string {
  return `${kind}:${model}:${index}`
}
