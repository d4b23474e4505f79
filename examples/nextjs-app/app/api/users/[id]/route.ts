import { prisma } from '../../../../lib/prisma.ts'

interface Context {
  params: Promise<{ id: string }>
}

/** A user, from memory but for the first time and after a write; says which in a header. */
export async function GET(_: Request, { params }: Context): Promise<Response> {
  const id = Number((await params).id)
  const { data, info } = await prisma.$cache.withInfo(() =>
    prisma.user.findUnique({ where: { id }, select: { id: true, name: true } }),
  )
  return Response.json(data, { status: data === null ? 404 : 200, headers: { 'x-cache': info.status } })
}

/** Renames a user; readers see it with their next request. */
export async function PATCH(request: Request, { params }: Context): Promise<Response> {
  const { name } = (await request.json()) as { name: string }
  const user = await prisma.user.update({ where: { id: Number((await params).id) }, data: { name } })
  return Response.json({ id: user.id, name: user.name })
}
