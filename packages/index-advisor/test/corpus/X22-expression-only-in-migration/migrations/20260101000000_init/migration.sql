CREATE INDEX "l" ON "Post" (lower("title"));
CREATE INDEX "a" ON "Post" ("authorId");
