import { LANDMARKS } from '../../prisma/seed.ts'
import { demoCase, fewerStatements } from '../demo-case.ts'

const userId = LANDMARKS.userId
const MOVEMENTS = [
  'hundred',
  'roll up',
  'leg circle',
  'saw',
  'swan',
  'side kick',
  'teaser',
  'swimming',
  'seal',
]

const generated = { data: { userId, style: 'mat', minutes: 45 } }
const movement = (classId: number, name: string, index: number) => ({
  data: { classId, userId, position: index + 1, name, muscleGroup: 'core', seconds: 60 },
})
const quality = (classId: number) => ({ data: { classId, score: '0.95' } })

/** A generated class is logged before the response is sent, its movements one INSERT after another. */
export const classLog = demoCase<number>({
  name: `Log a class of ${MOVEMENTS.length} movements`,
  origin: '7–9 INSERTs one by one, 350–900 ms of a 2 s request',
  async plain(prisma) {
    const { id } = await prisma.classSession.create(generated)
    for (const [index, name] of MOVEMENTS.entries()) await prisma.movement.create(movement(id, name, index))
    await prisma.qualityLog.create(quality(id))
    return id
  },
  async brisk(prisma) {
    const { id } = await prisma.classSession.create(generated)
    void prisma.$deferred(() =>
      Promise.all([
        ...MOVEMENTS.map((name, index) => prisma.movement.create(movement(id, name, index))),
        prisma.qualityLog.create(quality(id)),
      ]),
    )
    return id
  },
  afterwards: (prisma) => prisma.$deferred.flush(),
  witness: (prisma, id) =>
    prisma.classSession.findUnique({
      where: { id },
      select: {
        style: true,
        movements: { select: { position: true, name: true }, orderBy: { position: 'asc' } },
        quality: { select: { score: true, violations: true } },
      },
    }),
  judge: fewerStatements(4),
  remark: (_plain, brisk) =>
    `the response waits for 1 statement; ${brisk.statements - 1} write the log after it`,
})
