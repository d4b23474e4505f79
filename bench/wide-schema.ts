/** A schema of any number of models, each with ten columns, an enum and relations to its neighbours. */
export function wideSchema(models: number, generator = ''): string {
  const blocks = Array.from({ length: models }, (_, index) => {
    const parent = `Model${(index + models - 1) % models}`
    const child = `Model${(index + 1) % models}`
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
  parent    ${parent}?  @relation("Parent${index}", fields: [parentId], references: [id], onDelete: Cascade)
  children  ${child}[] @relation("Parent${(index + 1) % models}")

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
