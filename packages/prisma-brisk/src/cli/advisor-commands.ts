/** The advisor's commands, as `brisk --help` lists them whether the advisor is installed or not. */
export const advisorCommands = [
  ['advise', 'print the indexes the project needs, and those it does not'],
  ['explain', 'say why an index is recommended, or why not'],
  ['statistics', 'what the planner knows of a database'],
  ['verify', 'after a deploy: are the indexes built, valid, used, and the queries faster?'],
] as const
