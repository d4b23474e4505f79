CREATE INDEX "t" ON "Post" USING gin ("title" gin_trgm_ops);
CREATE INDEX "a" ON "Post" ("authorId");
