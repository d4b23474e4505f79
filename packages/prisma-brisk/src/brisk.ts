#!/usr/bin/env node
import { runBrisk } from './cli/command.ts'

void runBrisk(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})
