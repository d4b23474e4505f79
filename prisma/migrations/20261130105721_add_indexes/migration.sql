-- No timeouts: a concurrent build that is cut off leaves an INVALID index behind.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Annotation_traceId_idx" ON "Annotation"("traceId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Annotation_userId_idx" ON "Annotation"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Annotation_workshopId_idx" ON "Annotation"("workshopId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "behavior_pattern_userId_id_idx" ON "behavior_pattern"("userId", "id");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "ClassSession_userId_idx" ON "ClassSession"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Conversation_createdAt_idx" ON "Conversation"("createdAt");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Conversation_userId_idx" ON "Conversation"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Finding_authorId_idx" ON "Finding"("authorId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Finding_workshopId_idx" ON "Finding"("workshopId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Insight_patternId_idx" ON "Insight"("patternId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Insight_userId_id_idx" ON "Insight"("userId", "id");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Insight_userId_read_idx" ON "Insight"("userId", "read");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Message_authorId_idx" ON "Message"("authorId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Message_conversationId_createdAt_idx" ON "Message"("conversationId", "createdAt");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Message_replyToId_idx" ON "Message"("replyToId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Movement_userId_idx" ON "Movement"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Recommendation_insightId_idx" ON "Recommendation"("insightId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Recommendation_userId_idx" ON "Recommendation"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "study_session_user_id_idx" ON "study_session"("user_id");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Trace_workshopId_idx" ON "Trace"("workshopId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "User_name_id_idx" ON "User"("name", "id");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "User_tutorId_idx" ON "User"("tutorId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "UserExercise_userId_idx" ON "UserExercise"("userId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Workshop_ownerId_idx" ON "Workshop"("ownerId");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "WorkshopMember_userId_idx" ON "WorkshopMember"("userId");
