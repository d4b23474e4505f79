import { Controller, Get, Inject, Param, ParseIntPipe, Query } from '@nestjs/common'
import { Prisma } from './prisma'

@Controller('users')
export class UsersController {
  constructor(@Inject(Prisma) private readonly prisma: Prisma) {}

  /** Pages by keyset: as fast at the end as at the start. */
  @Get()
  list(@Query('after') after?: string) {
    return this.prisma.client.user.cursorPage({
      orderBy: { createdAt: 'desc' },
      select: { id: true, name: true },
      first: 20,
      ...(after === undefined ? {} : { after }),
    })
  }

  /** Read from the database once a minute, or after a write. */
  @Get(':id')
  one(@Param('id', ParseIntPipe) id: number) {
    return this.prisma.client.user.findUnique({ where: { id }, select: { id: true, name: true } })
  }
}
