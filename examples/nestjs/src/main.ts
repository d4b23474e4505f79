import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module'

async function main(): Promise<void> {
  const application = await NestFactory.create(AppModule)
  application.enableShutdownHooks()
  await application.listen(Number(process.env['PORT'] ?? 3000))
}

void main()
