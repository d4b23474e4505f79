import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { createDatabase, type Provider } from '../../../../support/databases.ts'
import { generateClient } from '../../../../support/generated-client.ts'

/**
 * Every kind of relation between few tables: of a table with itself, one to many and many to many, and two between the
 * same tables. The database's enum has a value that the client does not know, as while a migration rolls out.
 */
const MODELS = `enum Kind {
  A
  B
}

model Person {
  id       Int      @id @default(autoincrement())
  email    String   @unique
  name     String
  kind     Kind     @default(A)
  bossId   Int?
  boss     Person?  @relation("Boss", fields: [bossId], references: [id], onDelete: SetNull, onUpdate: NoAction)
  reports  Person[] @relation("Boss")
  friends  Person[] @relation("Friends")
  friendOf Person[] @relation("Friends")
  written  Post[]   @relation("Author")
  reviewed Post[]   @relation("Reviewer")
}

model Post {
  id         Int     @id @default(autoincrement())
  title      String
  authorId   Int
  author     Person  @relation("Author", fields: [authorId], references: [id], onDelete: Cascade)
  reviewerId Int?
  reviewer   Person? @relation("Reviewer", fields: [reviewerId], references: [id], onDelete: SetNull)
}`

const TABLES: Readonly<Record<Provider, string>> = {
  postgresql: `
    CREATE TYPE "Kind" AS ENUM ('A', 'B', 'C');
    CREATE TABLE "Person" (id serial PRIMARY KEY, email text UNIQUE NOT NULL, name text NOT NULL,
      kind "Kind" NOT NULL DEFAULT 'A', "bossId" int REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "Post" (id serial PRIMARY KEY, title text NOT NULL,
      "authorId" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "reviewerId" int REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "_Friends" ("A" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "B" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE, PRIMARY KEY ("A", "B"));`,
  mysql: `
    CREATE TABLE Person (id int AUTO_INCREMENT PRIMARY KEY, email varchar(191) UNIQUE NOT NULL, name varchar(191) NOT NULL,
      kind ENUM('A', 'B', 'C') NOT NULL DEFAULT 'A', bossId int, FOREIGN KEY (bossId) REFERENCES Person (id) ON DELETE SET NULL);
    CREATE TABLE Post (id int AUTO_INCREMENT PRIMARY KEY, title varchar(191) NOT NULL, authorId int NOT NULL, reviewerId int,
      FOREIGN KEY (authorId) REFERENCES Person (id) ON DELETE CASCADE,
      FOREIGN KEY (reviewerId) REFERENCES Person (id) ON DELETE SET NULL);
    CREATE TABLE _Friends (A int NOT NULL, B int NOT NULL, PRIMARY KEY (A, B),
      FOREIGN KEY (A) REFERENCES Person (id) ON DELETE CASCADE, FOREIGN KEY (B) REFERENCES Person (id) ON DELETE CASCADE);`,
  sqlite: `
    CREATE TABLE "Person" (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL,
      kind TEXT NOT NULL DEFAULT 'A', "bossId" INTEGER REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "Post" (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,
      "authorId" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "reviewerId" INTEGER REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "_Friends" ("A" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "B" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE, PRIMARY KEY ("A", "B"));`,
}

/** People 1 to 4, of whom the last is of a kind that the client cannot read, and posts 1 to 3. */
const ROWS = [
  'DELETE FROM %Post%',
  'DELETE FROM %_Friends%',
  'UPDATE %Person% SET %bossId% = NULL',
  'DELETE FROM %Person%',
  `INSERT INTO %Person% (id, email, name, kind, %bossId%) VALUES
    (1, 'one', 'One', 'A', NULL), (2, 'two', 'Two', 'A', 1), (3, 'three', 'Three', 'B', 1), (4, 'four', 'Four', 'C', 2)`,
  'INSERT INTO %_Friends% (%A%, %B%) VALUES (1, 2), (3, 2)',
  `INSERT INTO %Post% (id, title, %authorId%, %reviewerId%) VALUES (1, 'p', 1, 2), (2, 'q', 2, 1), (3, 'r', 2, NULL)`,
]

type Method = (args?: object) => Promise<unknown> & Record<string, (args?: object) => Promise<unknown>>

/** What the oracle uses of the generated client. */
export interface PeopleClient {
  readonly person: Record<string, Method>
  readonly post: Record<string, Method>
  $transaction<T>(work: (tx: PeopleClient) => Promise<T>): Promise<T>
  $transaction(work: readonly Promise<unknown>[]): Promise<unknown[]>
  $executeRawUnsafe(sql: string): Promise<number>
  $extends(extension: object): PeopleClient
  $disconnect(): Promise<void>
}

export interface People {
  /** Another plain client, with connections of its own. */
  open(): PeopleClient
  /** The rows as they were in the beginning. */
  reset(plain: PeopleClient): Promise<void>
  drop(): Promise<void>
}

export async function openPeople(provider: Provider): Promise<People> {
  const database = await createDatabase(provider)
  const connection = await database.adapter().connect()
  for (const sql of TABLES[provider].split(';')) {
    if (sql.trim() !== '') await connection.executeRaw({ sql, args: [], argTypes: [] })
  }
  await connection.dispose()
  const { module, remove } = await generateClient(MODELS, provider)
  const { PrismaClient } = module as {
    PrismaClient: new (options: { adapter: SqlDriverAdapterFactory }) => PeopleClient
  }
  const clients: PeopleClient[] = []
  const quote = provider === 'mysql' ? '`' : '"'
  return {
    open() {
      const client = new PrismaClient({ adapter: database.adapter({ connections: 3 }) })
      clients.push(client)
      return client
    },
    async reset(plain) {
      for (const sql of ROWS) await plain.$executeRawUnsafe(sql.replaceAll('%', quote))
    },
    async drop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      remove()
      await database.drop()
    },
  }
}
