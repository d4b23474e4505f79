/**
 * The place in the user's code where a call was made: `file:line:column` of the first frame of a V8 stack that belongs
 * neither to Prisma, nor to this suite, nor to Node, nor to a dependency.
 */
export function callSiteOf(stack: string | null): string | null {
  if (stack === null) return null
  for (const line of stack.split('\n')) {
    const place = /^\s+at (?:.*\()?(?:async )?(.+:\d+:\d+)\)?$/.exec(line)?.[1]
    if (place !== undefined && !FOREIGN.test(place)) return decoded(place)
  }
  return null
}

const FOREIGN =
  /[\\/]node_modules[\\/]|node:|<anonymous>|[\\/]packages[\\/](?:core|pagination)[\\/](?:src|dist)[\\/]|\[eval/

function decoded(place: string): string {
  if (!place.startsWith('file://')) return place
  try {
    return decodeURIComponent(place.slice('file://'.length))
  } catch {
    return place
  }
}
