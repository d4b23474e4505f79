export { type CliHost } from './cli-host.ts'
export { type ExtraCommands, run } from './run.ts'
