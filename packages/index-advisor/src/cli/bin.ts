#!/usr/bin/env node
import { run } from './run.ts'

// No `await` up here: the build also makes CommonJS of this file, which has none.
void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})
