import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { createDatabase, type Provider } from '../../../../support/databases.ts'
import { generateClient } from '../../../../support/generated-client.ts'

/**
 * Every kind of relation between few tables: of a table with itself, one to many and many to many, and two between the
 * same tables; tables whose names begin alike, and two of one name in two schemas, where the database has schemas. The
 * database's enum has a value that the client does not know, as while a migration rolls out.
 */
const NOW = `enum Kind {
  A
  B
  %public%
}

model Person {
  id         Int         @id @default(autoincrement())
  email      String      @unique
  name       String
  kind       Kind        @default(A)
  bossId     Int?
  boss       Person?     @relation("Boss", fields: [bossId], references: [id], onDelete: SetNull, onUpdate: NoAction)
  reports    Person[]    @relation("Boss")
  friends    Person[]    @relation("Friends")
  friendOf   Person[]    @relation("Friends")
  written    Post[]      @relation("Author")
  reviewed   Post[]      @relation("Reviewer")
  posts      Posts[]
  otherPosts OtherPost[]
  %public%
}

model Post {
  id         Int     @id @default(autoincrement())
  title      String
  authorId   Int
  author     Person  @relation("Author", fields: [authorId], references: [id], onDelete: Cascade)
  reviewerId Int?
  reviewer   Person? @relation("Reviewer", fields: [reviewerId], references: [id], onDelete: SetNull)
  %public%
}

model Posts {
  id      Int    @id
  ownerId Int
  owner   Person @relation(fields: [ownerId], references: [id], onDelete: Cascade)
  kind    Kind
  title   String
  @@unique([ownerId, kind])
  %public%
}

model OtherPost {
  id       Int    @id
  title    String
  authorId Int
  author   Person @relation(fields: [authorId], references: [id], onDelete: Cascade)
  %other%
}`

/**
 * What a deployment before knew of it, or one after it will: keys of another type, values of an enum by other names, the
 * links between friends as rows of their own. It knows the foreign keys, by other names.
 */
const OTHER = `enum Mood {
  ANNA @map("A")
  BERT @map("B")
  @@map("Kind")
}

model Person {
  id      BigInt       @id @default(autoincrement())
  email   String       @unique
  label   String       @map("name")
  mood    Mood         @default(ANNA) @map("kind")
  leader  Person?      @relation("Leader", fields: [bossId], references: [id], onDelete: SetNull, onUpdate: NoAction)
  bossId  BigInt?
  led     Person[]     @relation("Leader")
  liked   Friendship[] @relation("Likes")
  likedBy Friendship[] @relation("Liked")
  works   Post[]       @relation("Works")
  checked Post[]       @relation("Checked")
  many    Posts[]
}

model Friendship {
  from  BigInt @map("A")
  to    BigInt @map("B")
  likes Person @relation("Likes", fields: [from], references: [id], onDelete: Cascade)
  liked Person @relation("Liked", fields: [to], references: [id], onDelete: Cascade)
  @@id([from, to])
  @@map("_Friends")
}

model Post {
  id         BigInt  @id @default(autoincrement())
  title      String
  authorId   BigInt
  by         Person  @relation("Works", fields: [authorId], references: [id], onDelete: Cascade)
  reviewerId BigInt?
  checker    Person? @relation("Checked", fields: [reviewerId], references: [id], onDelete: SetNull)
}

model Posts {
  key     BigInt @id @map("id")
  ownerId BigInt
  owner   Person @relation(fields: [ownerId], references: [id], onDelete: Cascade)
  mood    Mood   @map("kind")
  title   String
  @@unique([ownerId, mood])
}`

/** It knows no foreign key: what the database does by one, it is told or does not see. */
const BLIND = `model Person {
  id     Int    @id @default(autoincrement())
  email  String @unique
  name   String
  bossId Int?
}

model Post {
  id         Int    @id @default(autoincrement())
  title      String
  authorId   Int
  reviewerId Int?
}`

export type Deployment = 'now' | 'other' | 'blind'
const DEPLOYMENTS: Readonly<Record<Deployment, string>> = { now: NOW, other: OTHER, blind: BLIND }

/** The models of a deployment, as its schema has them. */
export function modelsOf(deployment: Deployment, provider: Provider): string {
  const homes =
    provider === 'postgresql'
      ? { public: '@@schema("public")', other: '@@map("Post")\n  @@schema("other")' }
      : { public: '', other: '@@map("other_Post")' }
  return DEPLOYMENTS[deployment].replace(/%(public|other)%/g, (_, home: 'public' | 'other') => homes[home])
}

const TABLES: Readonly<Record<Provider, string>> = {
  postgresql: `
    CREATE TYPE "Kind" AS ENUM ('A', 'B', 'C');
    CREATE TABLE "Person" (id serial PRIMARY KEY, email text UNIQUE NOT NULL, name text NOT NULL,
      kind "Kind" NOT NULL DEFAULT 'A', "bossId" int REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "Post" (id serial PRIMARY KEY, title text NOT NULL,
      "authorId" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "reviewerId" int REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "_Friends" ("A" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "B" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE, PRIMARY KEY ("A", "B"));
    CREATE TABLE "Posts" (id int PRIMARY KEY, "ownerId" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      kind "Kind" NOT NULL, title text NOT NULL, UNIQUE ("ownerId", kind));
    CREATE SCHEMA other;
    CREATE TABLE other."Post" (id int PRIMARY KEY, title text NOT NULL,
      "authorId" int NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE);`,
  mysql: `
    CREATE TABLE Person (id int AUTO_INCREMENT PRIMARY KEY, email varchar(191) UNIQUE NOT NULL, name varchar(191) NOT NULL,
      kind ENUM('A', 'B', 'C') NOT NULL DEFAULT 'A', bossId int, FOREIGN KEY (bossId) REFERENCES Person (id) ON DELETE SET NULL);
    CREATE TABLE Post (id int AUTO_INCREMENT PRIMARY KEY, title varchar(191) NOT NULL, authorId int NOT NULL, reviewerId int,
      FOREIGN KEY (authorId) REFERENCES Person (id) ON DELETE CASCADE,
      FOREIGN KEY (reviewerId) REFERENCES Person (id) ON DELETE SET NULL);
    CREATE TABLE _Friends (A int NOT NULL, B int NOT NULL, PRIMARY KEY (A, B),
      FOREIGN KEY (A) REFERENCES Person (id) ON DELETE CASCADE, FOREIGN KEY (B) REFERENCES Person (id) ON DELETE CASCADE);
    CREATE TABLE Posts (id int PRIMARY KEY, ownerId int NOT NULL, kind ENUM('A', 'B', 'C') NOT NULL,
      title varchar(191) NOT NULL, UNIQUE (ownerId, kind), FOREIGN KEY (ownerId) REFERENCES Person (id) ON DELETE CASCADE);
    CREATE TABLE other_Post (id int PRIMARY KEY, title varchar(191) NOT NULL, authorId int NOT NULL,
      FOREIGN KEY (authorId) REFERENCES Person (id) ON DELETE CASCADE);`,
  sqlite: `
    CREATE TABLE "Person" (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL,
      kind TEXT NOT NULL DEFAULT 'A', "bossId" INTEGER REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "Post" (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,
      "authorId" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "reviewerId" INTEGER REFERENCES "Person" (id) ON DELETE SET NULL);
    CREATE TABLE "_Friends" ("A" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      "B" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE, PRIMARY KEY ("A", "B"));
    CREATE TABLE "Posts" (id INTEGER PRIMARY KEY, "ownerId" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE,
      kind TEXT NOT NULL, title TEXT NOT NULL, UNIQUE ("ownerId", kind));
    CREATE TABLE "other_Post" (id INTEGER PRIMARY KEY, title TEXT NOT NULL,
      "authorId" INTEGER NOT NULL REFERENCES "Person" (id) ON DELETE CASCADE);`,
}

/** People 1 to 4, of whom the last is of a kind that the client cannot read, and posts 1 to 3. */
const ROWS = [
  'DELETE FROM %Post%',
  'DELETE FROM %Posts%',
  'DELETE FROM %other.Post%',
  'DELETE FROM %_Friends%',
  'UPDATE %Person% SET %bossId% = NULL',
  'DELETE FROM %Person%',
  `INSERT INTO %Person% (id, email, name, kind, %bossId%) VALUES
    (1, 'one', 'One', 'A', NULL), (2, 'two', 'Two', 'A', 1), (3, 'three', 'Three', 'B', 1), (4, 'four', 'Four', 'C', 2)`,
  'INSERT INTO %_Friends% (%A%, %B%) VALUES (1, 2), (3, 2)',
  `INSERT INTO %Post% (id, title, %authorId%, %reviewerId%) VALUES (1, 'p', 1, 2), (2, 'q', 2, 1), (3, 'r', 2, NULL)`,
  `INSERT INTO %Posts% (id, %ownerId%, kind, title) VALUES (1, 1, 'A', 's'), (2, 1, 'B', 't'), (3, 2, 'A', 'u')`,
  `INSERT INTO %other.Post% (id, title, %authorId%) VALUES (1, 'v', 1), (2, 'w', 3)`,
]

/** SQL with its names, that are written between percent signs, quoted as the database wants them. */
export function quotedFor(provider: Provider): (sql: string) => string {
  const quote = provider === 'mysql' ? '`' : '"'
  const inSchema = provider === 'postgresql' ? `other${quote}.${quote}` : 'other_'
  return (sql) => sql.replaceAll('%other.', `%${inSchema}`).replaceAll('%', quote)
}

type Method = (args?: object) => Promise<unknown> & Record<string, (args?: object) => Promise<unknown>>

/** What the oracle uses of the generated client. */
export interface PeopleClient {
  readonly person: Record<string, Method>
  readonly post: Record<string, Method>
  readonly posts: Record<string, Method>
  readonly otherPost: Record<string, Method>
  /** Of the other deployment. */
  readonly friendship: Record<string, Method>
  $transaction<T>(work: (tx: PeopleClient) => Promise<T>): Promise<T>
  $transaction(work: readonly Promise<unknown>[]): Promise<unknown[]>
  $executeRawUnsafe(sql: string): Promise<number>
  $extends(extension: object): PeopleClient
  $disconnect(): Promise<void>
}

export interface People {
  readonly provider: Provider
  readonly url: string
  /** Another plain client, with connections of its own. */
  open(deployment?: Deployment): PeopleClient
  /** The rows as they were in the beginning. */
  reset(plain: PeopleClient): Promise<void>
  drop(): Promise<void>
}

/** @param deployments those of which clients are wanted */
export async function openPeople(
  provider: Provider,
  deployments: readonly Deployment[] = ['now'],
): Promise<People> {
  const database = await createDatabase(provider)
  const connection = await database.adapter().connect()
  for (const sql of TABLES[provider].split(';')) {
    if (sql.trim() !== '') await connection.executeRaw({ sql, args: [], argTypes: [] })
  }
  await connection.dispose()
  const generated = new Map<Deployment, Awaited<ReturnType<typeof generateClient>>>()
  for (const deployment of deployments)
    generated.set(deployment, await generateClient(modelsOf(deployment, provider), provider))
  const clients: PeopleClient[] = []
  const quoted = quotedFor(provider)
  return {
    provider,
    url: database.url,
    open(deployment = 'now') {
      const { PrismaClient } = (generated.get(deployment) as { module: unknown }).module as {
        PrismaClient: new (options: { adapter: SqlDriverAdapterFactory }) => PeopleClient
      }
      const client = new PrismaClient({ adapter: database.adapter({ connections: 3 }) })
      clients.push(client)
      return client
    },
    async reset(plain) {
      for (const sql of ROWS) await plain.$executeRawUnsafe(quoted(sql))
    },
    async drop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      for (const { remove } of generated.values()) remove()
      await database.drop()
    },
  }
}
