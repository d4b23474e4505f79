export { type CliHost } from './cli-host.ts'
export { run } from './run.ts'
