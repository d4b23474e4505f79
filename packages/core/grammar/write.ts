import { writeFileSync } from 'node:fs'
import { PARSER, parserText } from './generate.ts'

writeFileSync(PARSER, parserText())
