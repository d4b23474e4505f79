import { writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { connectDatabase, exportStatistics } from '../../../packages/index-advisor/src/statistics/connect.ts'
import { tlsParameters } from '../../../packages/index-advisor/src/statistics/tls-parameters.ts'
import { startPgBouncer } from '../../support/pgbouncer.ts'
import { startPooler, type PostgresPooler } from '../../support/postgres-pooler.ts'
import { mariadbUrl, postgresUrl } from '../../support/servers.ts'

const withParameters = (url: string, parameters: string) =>
  `${url}${url.includes('?') ? '&' : '?'}${parameters}`

describe('KA-A10 nothing that is set outlives its transaction', () => {
  test('KA-A10 behind PgBouncer by transaction the next client finds the session as it was', async () => {
    const bouncer = await startPgBouncer(postgresUrl())
    try {
      const before = await pathOf(bouncer.url)
      const connection = await connectDatabase(withParameters(bouncer.url, 'schema=somewhere&pgbouncer=true'))
      try {
        const { defaultSchema } = await exportStatistics(connection, { schemas: ['public'] })
        // The path was in force, and found no such schema.
        expect(defaultSchema).not.toBe('public')
      } finally {
        await connection.close()
      }
      for (let again = 0; again < 5; again++) expect(await pathOf(bouncer.url)).toEqual(before)
    } finally {
      await bouncer.kill()
    }
  }, 60_000)

  test('KA-A10 MariaDB: the session stays as it was', async () => {
    const connection = await connectDatabase(mariadbUrl())
    const settings = () =>
      connection
        .query('select @@session.transaction_read_only as read_only, @@session.lock_wait_timeout as wait')
        .catch(() =>
          connection.query('select @@session.tx_read_only as read_only, @@session.lock_wait_timeout as wait'),
        )
    try {
      const before = await settings()
      await exportStatistics(connection)
      expect(await settings()).toEqual(before)
      expect(before).toEqual([expect.objectContaining({ read_only: 0 })])
    } finally {
      await connection.close()
    }
  })
})

describe('KA-B6 Prisma’s parameters of TLS', () => {
  let encrypted: PostgresPooler
  let plain: PostgresPooler
  beforeAll(async () => {
    encrypted = await startPooler(postgresUrl(), { tls: true })
    plain = await startPooler(postgresUrl(), { tls: false })
  })
  afterAll(async () => {
    await encrypted.close()
    await plain.close()
  })

  const open = async (url: string, parameters: string) => {
    const connection = await connectDatabase(withParameters(url, parameters))
    await connection.query('select 1')
    await connection.close()
  }

  test.each([
    'sslmode=require',
    'sslmode=prefer',
    'sslmode=no-verify',
    'sslmode=require&sslaccept=accept_invalid_certs',
    'sslaccept=accept_invalid_certs',
    'ssl=true',
  ])('KA-B6 %s connects where the certificate is nobody’s', async (parameters) => {
    await expect(open(encrypted.url, parameters)).resolves.toBeUndefined()
  })

  test.each([
    'sslmode=require&sslaccept=strict',
    'sslaccept=strict',
    'sslmode=verify-full',
    'sslmode=verify-ca',
  ])('KA-B6 %s does not, and says what to do', async (parameters) => {
    await expect(open(encrypted.url, parameters)).rejects.toThrow(
      /^The database cannot be reached: .*certificate\. The certificate is not trusted: name the one that signed it \(sslcert=path\.pem; sslrootcert=path\.pem with uselibpqcompat=true\), or encrypt without asking who answers: sslaccept=accept_invalid_certs or sslmode=no-verify\.$/,
    )
  })

  test('KA-B6 a server without TLS: prefer goes without, require is refused', async () => {
    await expect(open(plain.url, 'sslmode=prefer')).resolves.toBeUndefined()
    await expect(open(plain.url, 'sslmode=disable')).resolves.toBeUndefined()
    await expect(open(plain.url, 'sslmode=require')).rejects.toThrow('does not support SSL')
  })

  test('KA-B6 files that are named are read, and must be there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'brisk-tls-'))
    try {
      const path = join(directory, 'ca.pem')
      writeFileSync(path, 'certificate')
      const address = new URL(
        `postgresql://h/d?sslmode=require&sslaccept=strict&sslcert=${path}&sslidentity=${path}&sslpassword=p&connect_timeout=3`,
      )
      expect(tlsParameters(address)).toEqual({
        mode: 'require',
        options: {
          rejectUnauthorized: true,
          ca: Buffer.from('certificate'),
          pfx: Buffer.from('certificate'),
          passphrase: 'p',
        },
      })
      expect(address.search).toBe('?connect_timeout=3')
      expect(() => tlsParameters(new URL('mysql://h/d?sslcert=nowhere.pem'))).toThrow(
        'The file nowhere.pem, which sslcert of the database URL names, does not exist.',
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('KA-B6 MariaDB takes the same, and a server without TLS is told apart', async () => {
    const url = mariadbUrl()
    await expect(open(url, 'sslaccept=accept_invalid_certs')).resolves.toBeUndefined()
    await expect(open(url, 'sslmode=disable')).resolves.toBeUndefined()
  })
})

async function pathOf(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query('show search_path')).rows
  } finally {
    await client.end()
  }
}
