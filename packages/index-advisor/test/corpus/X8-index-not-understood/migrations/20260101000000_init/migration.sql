CREATE INDEX "a" ON "Post" ("authorId") MAGIC;
CREATE INDEX "b" ON "Post" ("authorId");
