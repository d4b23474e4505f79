import type { NextRequest } from 'next/server'
import { prisma } from '../../../lib/prisma.ts'

export const dynamic = 'force-dynamic'

/** A page of users: `?after=<cursor>` for the next one. */
export async function GET(request: NextRequest): Promise<Response> {
  const after = request.nextUrl.searchParams.get('after')
  const page = await prisma.user.cursorPage({
    select: { id: true, name: true },
    orderBy: { id: 'asc' },
    first: 20,
    ...(after === null ? {} : { after }),
  })
  return Response.json(page)
}
