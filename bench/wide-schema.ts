/**
 * A schema of any number of models: ten columns, an enum, a self relation, and, in groups of eight, a parent that
 * seven others belong to.
 */
export function wideSchema(models: number, generator = ''): string {
  const blocks = Array.from({ length: models }, (_, index) => {
    const head = index - (index % 8)
    const members = Array.from({ length: Math.min(8, models - head) }, (__, offset) => head + offset).slice(1)
    const relations =
      index === head
        ? members.map((member) => `  members${member} Model${member}[]`)
        : [
            `  headId    Int`,
            `  head      Model${head} @relation(fields: [headId], references: [id], onDelete: Cascade)`,
          ]
    return `model Model${index} {
  id        Int      @id @default(autoincrement())
  email     String   @unique
  title     String?  @db.VarChar(200)
  state     State    @default(DRAFT)
  score     Decimal  @default(0) @db.Decimal(12, 2)
  views     BigInt   @default(0)
  data      Json?
  createdAt DateTime @default(now()) @map("created_at")
  updatedAt DateTime @updatedAt
  parentId  Int?
  parent    Model${index}?  @relation("Parent${index}", fields: [parentId], references: [id], onDelete: SetNull)
  children  Model${index}[] @relation("Parent${index}")
${relations.join('\n')}

  @@index([state, createdAt(sort: Desc)])
  @@unique([title, state])
  @@map("model_${index}")
}`
  })
  return `${generator}
datasource db {
  provider = "postgresql"
}

enum State {
  DRAFT
  PUBLISHED
  ARCHIVED
}

${blocks.join('\n\n')}
`
}
