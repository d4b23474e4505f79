CREATE INDEX "g" ON "Post" USING GIN ("tags");
CREATE INDEX "a" ON "Post" ("authorId");
