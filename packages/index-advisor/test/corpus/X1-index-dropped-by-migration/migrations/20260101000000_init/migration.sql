CREATE INDEX "by_author" ON "Post" ("authorId");
DROP INDEX "by_author";
