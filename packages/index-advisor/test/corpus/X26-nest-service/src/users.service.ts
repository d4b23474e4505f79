import { PrismaService } from './prisma.service'

export class UsersService {
  constructor(private readonly prisma: PrismaService) {}

  byName(name: string) {
    return this.prisma.user.findMany({ where: { name } })
  }
}
