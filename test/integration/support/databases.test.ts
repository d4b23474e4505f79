import { createDatabase, type Provider } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('a test database on %s', (provider) => {
  test('has the tables of the demo domain, and its statements are recorded', async () => {
    const database = await createDatabase(provider)
    try {
      const { client, log } = database.createRecordedClient({ measureBytes: true })
      await client.user.create({ data: { email: 'ada@example.org', name: 'Ada', balance: '12.50' } })
      const users = await expectStatements(log, 1, () => client.user.findMany({ where: { name: 'Ada' } }))
      expect(users).toMatchObject([{ id: 1, email: 'ada@example.org', role: 'STUDENT' }])
      expect(log.statements.at(-1)).toMatchObject({ rows: 1, transaction: 0, kind: 'query' })
      expect(log.statements.at(-1)?.bytes).toBeGreaterThan('ada@example.orgAdaSTUDENT'.length)

      log.clear()
      const failing = client.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'sql' } })
        throw new Error('rolled back')
      })
      await expect(failing).rejects.toThrow('rolled back')
      expect(log.transactions).toEqual(['begin 1', 'rollback 1'])
      await expect(expectStatements(log, 7, () => client.tag.count())).rejects.toThrow(
        'Expected 7 statements, the driver got 1',
      )
      expect(await client.tag.count()).toBe(0)
    } finally {
      await database.drop()
    }
  })
})

test('key types compare as their database compares them', async () => {
  const postgresql = await createDatabase('postgresql', { schema: 'key-types' })
  const mysql = await createDatabase('mysql', { schema: 'key-types' })
  const sqlite = await createDatabase('sqlite', { schema: 'key-types' })
  try {
    const pg = postgresql.createClient()
    await pg.citextKey.create({ data: { id: 'Key', label: 'citext', items: { create: { id: 1 } } } })
    await pg.collatedKey.create({ data: { id: 'Clé', label: 'collated' } })
    await pg.enumKey.create({ data: { id: 'HIGH', label: 'mapped' } })
    expect(await pg.citextKey.findFirst({ where: { id: 'KEY' }, include: { items: true } })).toMatchObject({
      label: 'citext',
    })
    expect(await pg.collatedKey.findFirst({ where: { id: 'CLE' } })).toMatchObject({ label: 'collated' })
    expect(await pg.enumKey.findFirst({ where: { id: 'HIGH' } })).toMatchObject({ label: 'mapped' })

    const maria = mysql.createClient()
    await maria.varCharKey.create({ data: { id: 'Key', label: 'folded' } })
    await maria.binaryKey.create({ data: { id: 'Key', label: 'exact' } })
    expect(await maria.varCharKey.findFirst({ where: { id: 'KEY' } })).toMatchObject({ label: 'folded' })
    expect(await maria.binaryKey.findFirst({ where: { id: 'KEY' } })).toBeNull()

    const lite = sqlite.createClient()
    await lite.collatedKey.create({ data: { id: 'Key', label: 'nocase' } })
    expect(await lite.collatedKey.findFirst({ where: { id: 'KEY' } })).toMatchObject({ label: 'nocase' })
  } finally {
    await Promise.all([postgresql.drop(), mysql.drop(), sqlite.drop()])
  }
})
