import { BriskError } from '@prisma-brisk/core'
import { LIVE_FORGOTTEN, RECORDING_PROTOCOL } from '@prisma-brisk/slow-query'

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

/** A process writes recordings that this version does not read. Code `E_RECORDING_VERSION`. */
export class RecordingVersionError extends BriskError {
  constructor(version: unknown) {
    super(
      'E_RECORDING_VERSION',
      `expected processes that record in version ${RECORDING_PROTOCOL}, got ${JSON.stringify(version)}: install prisma-brisk and @prisma-brisk/live in one version.`,
    )
  }
}

/** A file is no recording of queries, or cannot be read or written. Code `E_RECORDING`. */
export class RecordingFileError extends BriskError {
  constructor(path: string, expected: string, got: string, act: string) {
    super('E_RECORDING', `${path}: expected ${expected}, got ${got}: ${act}.`)
  }
}

/** The command made no call that was recorded. Code `E_NOTHING_RECORDED`. */
export class NothingRecordedError extends BriskError {
  constructor(command: string) {
    super(
      'E_NOTHING_RECORDED',
      `expected queries of ${command}, got none: extend the client with brisk() or slowQuery() in the tests too, and run tests that query. Nothing was written.`,
    )
  }
}

/** The command failed, so that what it asked is not all it asks. Code `E_COMMAND_FAILED`. */
export class CommandFailedError extends BriskError {
  constructor(
    command: string,
    readonly exitCode: number,
  ) {
    super(
      'E_COMMAND_FAILED',
      `expected ${command} to succeed, got exit code ${exitCode}: nothing was written or compared, since a suite that fails does not ask all it asks. Mend it and run this again.`,
    )
  }
}

/** There is no recording to compare with. Code `E_NO_RECORDING`. */
export class NoRecordingError extends BriskError {
  constructor(path: string) {
    super(
      'E_NO_RECORDING',
      `expected a recording at ${path}, found none: make it with \`brisk record -- npm test\` and commit it.`,
    )
  }
}

/** The configuration says something that is not known. Code `E_BUDGET_CONFIG`. */
export class BudgetConfigError extends BriskError {
  constructor(path: string, name: string, expected: string, got: string) {
    super('E_BUDGET_CONFIG', `${path}: ${name}: expected ${expected}, got ${got}.`)
  }
}

/** Somebody allows what a rule finds, and does not say why. Code `E_ALLOWANCE`. */
export class AllowanceError extends BriskError {
  constructor(place: string, rule: string) {
    super(
      'E_ALLOWANCE',
      `${place}: expected a reason for allowing ${rule}, got none: write \`brisk-allow ${rule}: why it may be so\`.`,
    )
  }
}
