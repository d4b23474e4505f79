import { BriskError } from '@prisma-brisk/core'
import { LIVE_FORGOTTEN } from '@prisma-brisk/slow-query'

/** Asked to run in production. Code `E_LIVE_IN_PRODUCTION`. */
export class LiveInProductionError extends BriskError {
  constructor() {
    super(
      'E_LIVE_IN_PRODUCTION',
      'brisk live is a development tool and refuses NODE_ENV=production: read the log that production wrote with brisk live --file <slow-queries.ndjson>.',
    )
  }
}

/** No hub runs that could be asked. Code `E_NO_HUB`. */
export class NoHubError extends BriskError {
  constructor() {
    super(
      'E_NO_HUB',
      'expected a running hub of this project, found none: start your application with `brisk live -- <command>` in its directory, for example `npx brisk live -- npm run dev`, and ask again there.',
    )
  }
}

/** The hub knows no such request. Code `E_NO_REQUEST`. */
export class NoRequestError extends BriskError {
  constructor(id: string) {
    super(
      'E_NO_REQUEST',
      `expected latest or the id of a request that the hub holds, got "${id}": see \`brisk requests\`.`,
    )
  }
}

/** The port is taken or not to be had. Code `E_PORT`. */
export class PortError extends BriskError {
  constructor(port: number, reason: string) {
    super(
      'E_PORT',
      `expected a free port, got ${port} (${reason}): leave out --port, and the next free one from 4983 is taken.`,
    )
  }
}

/** What was asked for needs a package that is not there. Code `E_ADVISOR_MISSING`. */
export class AdvisorMissingError extends BriskError {
  constructor() {
    super(
      'E_ADVISOR_MISSING',
      'Advice on indexes needs the index advisor, which was not found: npm install --save-dev @prisma-brisk/index-advisor, then start brisk live (or brisk mcp) again, since Node looks for a package once.',
    )
  }
}

/** A process refers to what this hub was never told; it says it again. Code `E_LIVE_FORGOTTEN`. */
export class LiveForgottenError extends BriskError {
  constructor() {
    super(LIVE_FORGOTTEN, 'expected the definitions that this process has told another hub; send them again.')
  }
}

/** An argument of a command or tool. Code `E_LIVE_ARGUMENT`. */
export class LiveArgumentError extends BriskError {
  constructor(name: string, expected: string, given: unknown) {
    super('E_LIVE_ARGUMENT', `${name}: expected ${expected}, got ${JSON.stringify(given) ?? 'nothing'}.`)
  }
}
