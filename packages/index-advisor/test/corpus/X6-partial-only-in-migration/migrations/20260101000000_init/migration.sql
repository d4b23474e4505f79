CREATE INDEX "p" ON "Post" ("authorId") WHERE "title" IS NOT NULL;
