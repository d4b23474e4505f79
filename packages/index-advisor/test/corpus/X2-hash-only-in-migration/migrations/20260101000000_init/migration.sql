CREATE INDEX "h" ON "Post" USING hash ("authorId");
