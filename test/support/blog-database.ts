/**
 * A blog with skewed authors, statuses and dates: the data on which planners and size models are measured. The same
 * number of posts always gives the same rows.
 */
export function blogSql(posts: number): string {
  const users = Math.max(100, Math.round(posts / 10))
  const comments = Math.round(posts / 2)
  return `
    select setseed(0.42);
    create type "Plan" as enum ('FREE', 'PRO', 'TEAM');
    create type "Status" as enum ('DRAFT', 'PUBLISHED', 'ARCHIVED', 'FLAGGED');
    create table "User" (
      "id" serial primary key, "email" text not null unique, "name" text not null, "country" text not null,
      "plan" "Plan" not null, "createdAt" timestamp(3) not null, "deletedAt" timestamp(3)
    );
    create table "Post" (
      "id" serial primary key, "authorId" int not null references "User" ("id") on delete cascade,
      "status" "Status" not null, "categoryId" int not null, "title" text not null, "body" text not null,
      "score" int not null, "views" int not null, "createdAt" timestamp(3) not null, "publishedAt" timestamp(3),
      "token" uuid not null, "tags" text[] not null, "price" numeric(10, 2) not null, "pinned" boolean not null
    );
    create table "Comment" (
      "id" serial primary key, "postId" int not null references "Post" ("id") on delete cascade,
      "authorId" int references "User" ("id") on delete set null, "createdAt" timestamp(3) not null,
      "flagged" boolean not null, "text" text not null
    );
    insert into "User" ("email", "name", "country", "plan", "createdAt", "deletedAt")
    select 'user' || i || '@example.org', 'name ' || i,
           (array['de','fr','us','in','br','jp','gb','it','es','nl','pl','se'])[1 + floor(12 * random() ^ 2)::int],
           (case when random() < 0.9 then 'FREE' when random() < 0.9 then 'PRO' else 'TEAM' end)::"Plan",
           timestamp '2020-01-01' + i * interval '20 minutes',
           case when random() < 0.02 then timestamp '2024-01-01' + random() * interval '300 days' end
    from generate_series(1, ${users}) i;
    insert into "Post" ("authorId", "status", "categoryId", "title", "body", "score", "views", "createdAt",
                        "publishedAt", "token", "tags", "price", "pinned")
    select 1 + floor(${users} * random() ^ 2)::int,
           (case when r < 0.85 then 'PUBLISHED' when r < 0.98 then 'DRAFT' when r < 0.999 then 'ARCHIVED'
                 else 'FLAGGED' end)::"Status",
           1 + floor(200 * random() ^ 1.5)::int, 'title ' || md5(i::text), repeat(md5((i * 7)::text), 2),
           floor(random() * 1000)::int, floor(1 / (random() + 0.00001))::int,
           timestamp '2021-01-01' + i * interval '90 seconds' + random() * interval '1 hour',
           case when r < 0.85 then timestamp '2021-01-01' + random() * interval '1000 days' end,
           md5('t' || i)::uuid, array['tag' || floor(50 * random() ^ 2)::int, 'tag' || floor(50 * random())::int],
           round((random() * 500)::numeric, 2), random() < 0.01
    from (select i, random() r from generate_series(1, ${posts}) i) s;
    insert into "Comment" ("postId", "authorId", "createdAt", "flagged", "text")
    select 1 + floor(${posts} * random() ^ 1.3)::int,
           case when random() < 0.9 then 1 + floor(${users} * random())::int end,
           timestamp '2021-01-01' + random() * interval '1000 days', random() < 0.005, 'comment ' || md5(i::text)
    from generate_series(1, ${comments}) i;
  `
}
