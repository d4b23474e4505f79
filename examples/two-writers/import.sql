-- The other writer: what an author's tool, a cron job or a colleague does. It knows nothing of the cache.
INSERT INTO "Exercise" (slug, title, subject, difficulty, content)
VALUES ('fractions', 'Fractions', 'maths', :difficulty, '{}')
ON CONFLICT (slug) DO UPDATE SET difficulty = excluded.difficulty;
