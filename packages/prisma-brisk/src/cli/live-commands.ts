/** The commands of `@prisma-brisk/live`, as `brisk --help` lists them whether it is installed or not. */
export const liveCommands = [
  ['live', 'start your application and see what every request does: brisk live -- npm run dev'],
  ['requests', 'the requests that brisk live has seen'],
  ['request', 'one request: its calls, and what is wrong with them'],
  ['record', 'run your tests, and write down what each asks of the database: brisk record -- npm test'],
  ['check', 'run your tests, and compare what they ask with the recording: brisk check -- npm test'],
  ['mcp', 'the same for an agent: an MCP server on standard input and output'],
] as const
