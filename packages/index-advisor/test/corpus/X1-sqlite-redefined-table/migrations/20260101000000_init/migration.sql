PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Post" ("id" INTEGER NOT NULL PRIMARY KEY, "authorId" INTEGER NOT NULL, "title" TEXT NOT NULL DEFAULT 'a;b');
INSERT INTO "new_Post" SELECT * FROM "Post";
DROP TABLE "Post";
ALTER TABLE "new_Post" RENAME TO "Post";
CREATE INDEX "by_author" ON "Post"("authorId");
PRAGMA foreign_keys=ON;
