CREATE TABLE "old" ("id" INT PRIMARY KEY, "writer" INT);
CREATE INDEX "i" ON "old" ("writer");
ALTER TABLE "old" RENAME TO "Post";
ALTER TABLE "Post" RENAME COLUMN "writer" TO "authorId";
ALTER INDEX "i" RENAME TO "j";
