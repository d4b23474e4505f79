/** Some of everything: loops and what they should be, slow reads, failures, a path that nobody serves. */
export async function traffic(origin: string, rounds = 5): Promise<void> {
  const get = async (path: string): Promise<void> => void (await (await fetch(`${origin}${path}`)).text())
  for (let round = 0; round < rounds; round++) {
    await Promise.all([get('/conversations'), get('/v2/conversations')])
    await fetch(`${origin}/tags/group-theory`, { method: 'POST' })
  }
  await get('/report?author=Ada%20Lovelace')
  await get('/nowhere')
}
