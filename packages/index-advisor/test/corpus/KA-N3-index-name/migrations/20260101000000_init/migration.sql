CREATE TABLE "Post" ("id" INTEGER NOT NULL, "tenantId" INTEGER NOT NULL, "title" TEXT NOT NULL, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
CREATE INDEX "Post_title_asc" ON "Post"("tenantId", "title");
