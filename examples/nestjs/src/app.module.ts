import { Module } from '@nestjs/common'
import { Prisma } from './prisma'
import { UsersController } from './users.controller'

@Module({ controllers: [UsersController], providers: [Prisma] })
export class AppModule {}
