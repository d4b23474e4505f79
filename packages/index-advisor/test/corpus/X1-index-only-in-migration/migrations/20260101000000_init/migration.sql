CREATE INDEX CONCURRENTLY "by_author" ON "Post" ("authorId");
