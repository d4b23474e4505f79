import { setTimeout as wait } from 'node:timers/promises'

/** What people do, in turn; some of it more often. */
const VISITS = [
  'GET /conversations',
  'GET /users/1',
  'GET /users/1',
  'GET /conversations/previews',
  'GET /users/2',
  'GET /users?name=Ada%20Lovelace',
  'GET /dashboard',
  'GET /users/1',
  'GET /exercises',
  'POST /users/1/profile?name=Ada',
  'GET /users/1',
  'POST /classes',
  'GET /annotations',
  'POST /tags?name=algebra',
]

/** Visits the application over and over, a few times a second. */
export async function sendTraffic(origin: string): Promise<never> {
  for (let turn = 0; ; turn++) {
    const [method, path] = VISITS[turn % VISITS.length]!.split(' ') as [string, string]
    try {
      await (await fetch(`${origin}${path}`, { method })).arrayBuffer()
    } catch {
      // The application is about to end.
    }
    await wait(turn < 2 * VISITS.length ? 40 : 400)
  }
}
