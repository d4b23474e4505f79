import { TransactionRows } from '../../src/changes/transaction-rows.ts'

const home = (table: string, schema: string | null = null) => ({ schema, table })
const columns = ['id']
const row = { id: '1' }

test.each([
  ['a name that goes on with a space', home('posts'), home('posts x')],
  ['a name that goes on with a bracket', home('posts'), home('posts ["id"]')],
  ['a dot in a name', home('b.c', 'a'), home('c', 'a.b')],
])('C40 what is told of one table whole leaves the rows of another as they are: %s', (_, one, other) => {
  const told = new TransactionRows()
  told.add(other, columns, [row])
  told.addWhole(one)
  expect(told.changes()).toEqual([
    { ...one, columns: [], rows: null },
    { ...other, columns, rows: [['1']], isWhole: true },
  ])
})

test('C40 of more rows than a hundred the table alone is told, whatever columns were told before', () => {
  const told = new TransactionRows()
  told.add(home('posts'), ['id', 'authorId'], [{ id: '1', authorId: '2' }])
  for (let id = 0; id <= 100; id++) told.add(home('posts'), columns, [{ id: String(id) }])
  told.add(home('posts'), columns, [{ id: 'late' }])
  expect(told.changes()).toEqual([{ ...home('posts'), columns: [], rows: null }])
})
