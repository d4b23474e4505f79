import type { Random } from '../../test/support/random.ts'

const WORDS = (
  'about above after again always another answer around because before begin between body breath build call carry ' +
  'change child city class clear close colour common could course cover early earth eight energy enough every example ' +
  'explain family figure final follow force found friend general given gold great ground group happen heart history ' +
  'hold hour idea inch island kind know land language large later learn letter light listen little machine matter ' +
  'mean measure minute money morning motion mountain move music never night north notice number object ocean often ' +
  'order paper pattern people piece place plain plane plant point power problem product question quick reach record ' +
  'river round rule school science second sentence serve seven shape short simple sleep slow south space special ' +
  'square stand star state still stood story street strong study sound surface system table teach thousand through ' +
  'today together toward travel under unit until usual voice vowel warm watch water week whole wind without wonder ' +
  'world write year young'
).split(' ')
const NAMES = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Radia',
  'Niklaus',
  'Frances',
  'Tony',
  "Kateryna O'Neil",
]

/** Text that reads as words and compresses as prose does. */
export class Prose {
  readonly #sentences: string[]

  constructor(readonly random: Random) {
    this.#sentences = Array.from({ length: 4_000 }, () => `${this.words(random.int(6, 16))}. `)
  }

  word(): string {
    return this.random.pick(WORDS)
  }

  words(count: number): string {
    return Array.from({ length: count }, () => this.word()).join(' ')
  }

  name(): string {
    return `${this.random.pick(NAMES)} ${this.word().replace(/^./, (letter) => letter.toUpperCase())}`
  }

  /** Exactly so many characters. */
  text(characters: number): string {
    const parts: string[] = []
    for (let length = 0; length < characters; length += parts.at(-1)!.length)
      parts.push(this.random.pick(this.#sentences))
    return parts.join('').slice(0, characters)
  }
}
