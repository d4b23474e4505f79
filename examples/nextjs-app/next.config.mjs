/** @type {import('next').NextConfig} */
export default {
  // Prisma and the suite stay outside the bundle: they load drivers and share state between route handlers.
  serverExternalPackages: ['@prisma/client', '@prisma/adapter-pg', 'pg', 'prisma-brisk'],
  outputFileTracingRoot: new URL('../../', import.meta.url).pathname,
  turbopack: { root: new URL('../../', import.meta.url).pathname },
}
