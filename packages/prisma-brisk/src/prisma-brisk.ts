#!/usr/bin/env node
import { createRequire } from 'node:module'
import { runGenerator } from '@prisma-brisk/core/generator'

// `prisma generate` runs this for `generator brisk { provider = "prisma-brisk" }` and speaks with it over stdin.
if (process.env['PRISMA_GENERATOR_INVOCATION'] === undefined) {
  process.stderr.write(
    'prisma-brisk is a Prisma generator: add `generator brisk { provider = "prisma-brisk" }` to the schema and run `prisma generate`.\nThe command line is called `brisk`.\n',
  )
  process.exitCode = 2
} else {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  runGenerator(version)
}
