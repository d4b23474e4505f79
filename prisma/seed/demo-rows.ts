import { Random } from '../../test/support/random.ts'
import { Json, type SeedTable, type SeedValue } from './bulk-insert.ts'
import { Prose } from './prose.ts'

/** The moment the data was "taken": nothing in it is later, so that a seed gives the same rows every day. */
export const SEED_TIME = new Date('2025-06-01T00:00:00.000Z')

/** Rows the demo and the tests name: they exist at every size. */
export const LANDMARKS = {
  /** Has at least 50 conversations, the first of which is the long one; and patterns, classes, insights. */
  userId: 1,
  /** 1,000 messages, 50 kB each at full size. */
  longConversationId: '00000000-0000-4000-8000-000000000001',
  /** 200 traces with 100 kB of context each at full size. */
  workshopId: 1,
} as const

const LONG_CONVERSATION_MESSAGES = 1_000
const LONG_MESSAGE_CHARACTERS = 50_000
const HEAVY_TRACES = 200
const HEAVY_CONTEXT_CHARACTERS = 100_000
const DAY = 86_400_000

/**
 * The demo domain's rows: about 320,000 at factor 1 and in proportion otherwise. The same factor gives the
 * same rows on every machine and database.
 */
export function demoRows(factor: number): SeedTable[] {
  const random = new Random(20250601)
  const prose = new Prose(random)
  const count = (full: number, least = 1): number => Math.max(least, Math.round(full * factor))
  const size = {
    users: count(2_000, 60),
    exercises: count(500, 20),
    conversations: count(4_000, 60),
    messages: count(60_000, 200),
    assignments: count(40_000, 100),
    studySessions: count(30_000, 60),
    classes: count(4_000, 20),
    patterns: count(40_000, 100),
    insights: count(20_000, 60),
    recommendations: count(40_000, 100),
    workshops: count(40, 4),
    traces: count(2_000, HEAVY_TRACES + 40),
    annotations: count(40_000, 500),
    findings: count(2_000, 20),
    tags: 40,
  }
  const scaled = (characters: number): number => Math.max(40, Math.round(characters * Math.min(1, factor)))
  const user = (): number => random.int(1, size.users)
  const maybe = <T>(probability: number, make: () => T): T | null =>
    random.chance(probability) ? make() : null
  const before = (days: number): Date =>
    new Date(SEED_TIME.getTime() - Math.floor(random.next() * days * DAY))
  const after = (date: Date, days: number): Date =>
    new Date(Math.min(SEED_TIME.getTime(), date.getTime() + Math.floor(random.next() * days * DAY)))

  const rows = (
    length: number,
    row: (id: number) => readonly SeedValue[],
  ): Iterable<readonly SeedValue[]> => ({
    *[Symbol.iterator]() {
      for (let id = 1; id <= length; id++) yield row(id)
    },
  })

  const conversationIds = Array.from({ length: size.conversations }, (_, index) =>
    index === 0 ? LANDMARKS.longConversationId : uuid(random),
  )
  const patternIds = Array.from({ length: size.patterns }, () => uuid(random))
  const classes = Array.from({ length: size.classes }, () => ({ userId: user(), generatedAt: before(365) }))
  const workshopOfTrace = (traceId: number): number =>
    traceId <= HEAVY_TRACES ? LANDMARKS.workshopId : 1 + (traceId % size.workshops)

  return [
    {
      name: 'User',
      columns: ['id', 'email', 'name', 'role', 'balance', 'createdAt', 'deletedAt', 'tutorId'],
      rows: rows(size.users, (id) => [
        id,
        `user${id}@example.org`,
        prose.name(),
        id % 100 === 0 ? 'ADMIN' : id % 20 === 0 ? 'TUTOR' : 'STUDENT',
        (random.int(0, 100_000) / 100).toFixed(2),
        before(730),
        maybe(0.03, () => before(90)),
        id > 20 ? maybe(0.8, () => 20 * random.int(1, Math.floor((id - 1) / 20))) : null,
      ]),
    },
    {
      name: 'Profile',
      columns: [
        'id',
        'userId',
        'displayName',
        'bio',
        'locale',
        'birthday',
        'avatar',
        'preferences',
        'updatedAt',
      ],
      rows: rows(size.users, (id) => [
        id,
        id,
        prose.name(),
        maybe(0.6, () => prose.text(300)),
        random.pick(['en', 'de', 'fr', 'es', 'pt']),
        maybe(0.7, () => new Date(Date.UTC(random.int(1960, 2010), random.int(0, 11), random.int(1, 28)))),
        maybe(0.2, () => bytes(random, 64)),
        new Json({ theme: random.pick(['light', 'dark']), goals: random.list(1, 4, () => prose.words(3)) }),
        before(60),
      ]),
    },
    {
      name: 'Tag',
      columns: ['id', 'name'],
      rows: rows(size.tags, (id) => [id, `${prose.word()}-${id}`]),
    },
    {
      name: 'Exercise',
      columns: ['id', 'slug', 'title', 'subject', 'difficulty', 'active', 'content', 'createdAt'],
      rows: rows(size.exercises, (id) => [
        id,
        `exercise-${id}`,
        prose.words(5),
        random.pick(SUBJECTS),
        random.int(1, 5),
        random.chance(0.9),
        new Json({ question: prose.text(400), hints: random.list(0, 3, () => prose.text(80)) }),
        before(700),
      ]),
    },
    {
      name: '_ExerciseToTag',
      columns: ['A', 'B'],
      rows: rows(size.exercises, (id) => [id, random.int(1, size.tags)]),
    },
    {
      name: 'Conversation',
      columns: ['id', 'title', 'userId', 'createdAt', 'archivedAt'],
      rows: rows(size.conversations, (id) => [
        conversationIds[id - 1]!,
        prose.words(4),
        id <= 50 ? LANDMARKS.userId : user(),
        before(365),
        maybe(0.1, () => before(30)),
      ]),
    },
    {
      name: '_ConversationToTag',
      columns: ['A', 'B'],
      rows: rows(size.conversations, (id) => [conversationIds[id - 1]!, random.int(1, size.tags)]),
    },
    {
      name: 'Message',
      columns: ['id', 'conversationId', 'authorId', 'replyToId', 'role', 'body', 'tokens', 'createdAt'],
      rows: rows(LONG_CONVERSATION_MESSAGES + size.messages, (id) => {
        const isLong = id <= LONG_CONVERSATION_MESSAGES
        const other = 1 + (id % (size.conversations - 1))
        return [
          id,
          conversationIds[isLong ? 0 : other]!,
          maybe(0.5, user),
          isLong && id > 1 ? id - 1 : null,
          id % 2 === 1 ? 'USER' : 'ASSISTANT',
          prose.text(isLong ? scaled(LONG_MESSAGE_CHARACTERS) : random.int(20, 300)),
          maybe(0.9, () => random.int(5, 4_000)),
          new Date(SEED_TIME.getTime() - (LONG_CONVERSATION_MESSAGES + size.messages - id) * 60_000),
        ]
      }),
    },
    {
      name: 'UserExercise',
      columns: ['id', 'userId', 'exerciseId', 'attempt', 'status', 'score', 'assignedAt', 'submittedAt'],
      rows: rows(size.assignments, (id) => {
        // every triple once: users in turn, then the next exercise, then the next attempt
        const turn = Math.floor((id - 1) / size.users)
        const assignedAt = before(200)
        const done = random.chance(0.6)
        return [
          id,
          1 + ((id - 1) % size.users),
          1 + (turn % size.exercises),
          1 + Math.floor(turn / size.exercises),
          done ? random.pick(['SUBMITTED', 'PASSED', 'SKIPPED']) : 'ASSIGNED',
          done ? (random.int(0, 1_000) / 10).toFixed(1) : null,
          assignedAt,
          done ? after(assignedAt, 14) : null,
        ]
      }),
    },
    {
      name: 'study_session',
      columns: ['id', 'user_id', 'subject', 'minutes', 'focus', 'events', 'started_at', 'ended_at'],
      rows: rows(size.studySessions, (id) => {
        const startedAt = before(365)
        const minutes = random.int(5, 120)
        return [
          id,
          user(),
          random.pick(SUBJECTS),
          minutes,
          maybe(0.8, () => Math.round(random.next() * 100) / 100),
          BigInt(random.int(1, 2_000_000_000)) * 5n,
          startedAt,
          maybe(0.95, () => after(startedAt, minutes / 1_440)),
        ]
      }),
    },
    {
      name: 'ClassSession',
      columns: ['id', 'userId', 'style', 'minutes', 'generatedAt'],
      rows: rows(size.classes, (id) => {
        const { userId, generatedAt } = classes[id - 1]!
        return [id, userId, random.pick(['mat', 'reformer', 'chair']), random.pick([30, 45, 60]), generatedAt]
      }),
    },
    {
      name: 'Movement',
      columns: ['id', 'classId', 'userId', 'position', 'name', 'muscleGroup', 'seconds', 'generatedAt'],
      rows: rows(size.classes * 8, (id) => {
        const classId = 1 + Math.floor((id - 1) / 8)
        const { userId, generatedAt } = classes[classId - 1]!
        const movement = random.pick(MOVEMENTS)
        return [
          id,
          classId,
          userId,
          1 + ((id - 1) % 8),
          movement,
          random.pick(MUSCLES),
          random.int(30, 240),
          generatedAt,
        ]
      }),
    },
    {
      name: 'QualityLog',
      columns: ['id', 'classId', 'score', 'violations', 'notes', 'createdAt'],
      rows: rows(size.classes, (id) => [
        id,
        id,
        (random.int(500, 1_000) / 1_000).toFixed(3),
        random.int(0, 3),
        maybe(0.2, () => prose.text(120)),
        classes[id - 1]!.generatedAt,
      ]),
    },
    {
      name: 'behavior_pattern',
      columns: [
        'id',
        'userId',
        'patternType',
        'confidence',
        'occurrences',
        'evidence',
        'firstDetectedAt',
        'lastSeenAt',
      ],
      rows: rows(size.patterns, (id) => {
        const firstDetectedAt = before(365)
        return [
          patternIds[id - 1]!,
          id <= 60 ? LANDMARKS.userId : user(),
          random.pick(['optimal_time', 'duration', 'content', 'forgetting']),
          Math.round(random.next() * 1_000) / 1_000,
          random.int(1, 60),
          new Json({ samples: random.list(1, 5, () => random.int(1, 24)), note: prose.words(6) }),
          firstDetectedAt,
          after(firstDetectedAt, 60),
        ]
      }),
    },
    {
      name: 'Insight',
      columns: ['id', 'userId', 'patternId', 'title', 'read', 'createdAt'],
      rows: rows(size.insights, (id) => [
        id,
        id <= 40 ? LANDMARKS.userId : user(),
        maybe(0.8, () => random.pick(patternIds)),
        prose.words(6),
        random.chance(0.5),
        before(180),
      ]),
    },
    {
      name: 'Recommendation',
      columns: ['id', 'userId', 'insightId', 'title', 'priority', 'acknowledgedAt', 'createdAt'],
      rows: rows(size.recommendations, (id) => [
        id,
        id <= 60 ? LANDMARKS.userId : user(),
        maybe(0.7, () => random.int(1, size.insights)),
        prose.words(7),
        random.int(1, 100),
        maybe(0.7, () => before(60)),
        before(180),
      ]),
    },
    {
      name: 'Workshop',
      columns: ['id', 'ownerId', 'title', 'createdAt'],
      rows: rows(size.workshops, (id) => [id, user(), prose.words(4), before(365)]),
    },
    {
      name: 'WorkshopMember',
      columns: ['workshopId', 'userId', 'role', 'joinedAt'],
      rows: rows(size.workshops * 10, (id) => [
        1 + Math.floor((id - 1) / 10),
        1 + ((id * 7) % size.users),
        id % 10 === 0 ? 'facilitator' : 'annotator',
        before(300),
      ]),
    },
    {
      name: 'Trace',
      columns: ['id', 'workshopId', 'name', 'size', 'context', 'metadata', 'createdAt'],
      rows: rows(size.traces, (id) => {
        const characters = id <= HEAVY_TRACES ? scaled(HEAVY_CONTEXT_CHARACTERS) : random.int(100, 1_500)
        return [
          id,
          workshopOfTrace(id),
          prose.words(3),
          BigInt(characters) * 1_000_003n,
          new Json({ prompt: prose.text(200), steps: [prose.text(characters)] }),
          maybe(
            0.7,
            () => new Json({ model: random.pick(['small', 'large']), tokens: random.int(10, 9_000) }),
          ),
          before(300),
        ]
      }),
    },
    {
      name: 'Annotation',
      columns: ['id', 'workshopId', 'traceId', 'userId', 'rating', 'comment', 'createdAt'],
      rows: rows(size.annotations, (id) => {
        const traceId = 1 + ((id - 1) % size.traces)
        return [
          id,
          workshopOfTrace(traceId),
          traceId,
          maybe(0.95, user),
          random.int(1, 5),
          maybe(0.5, () => prose.text(150)),
          before(300),
        ]
      }),
    },
    {
      name: 'Finding',
      columns: ['id', 'workshopId', 'authorId', 'promptId', 'title', 'traceIds', 'context', 'createdAt'],
      rows: rows(size.findings, (id) => [
        id,
        random.int(1, size.workshops),
        maybe(0.9, user),
        random.int(1, 30),
        prose.words(6),
        new Json(random.list(1, 10, () => random.int(1, size.traces))),
        new Json({ reason: prose.text(300) }),
        before(300),
      ]),
    },
  ]
}

const SUBJECTS = ['mathematics', 'physics', 'history', 'biology', 'languages', 'music']
const MOVEMENTS = [
  'hundred',
  'roll up',
  'single leg circle',
  'rolling like a ball',
  'saw',
  'swan dive',
  'side kick',
  'teaser',
  'seal',
]
const MUSCLES = ['core', 'back', 'legs', 'arms', 'hips']

function uuid(random: Random): string {
  const hex = Buffer.from(bytes(random, 16)).toString('hex')
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(0, 255))
}
