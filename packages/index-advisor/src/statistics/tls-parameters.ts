import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AdvisorError } from '../errors.ts'

/** As drivers of Node take it. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly ca?: Buffer
  /** PKCS #12 */
  readonly pfx?: Buffer
  readonly passphrase?: string
}

export interface TlsParameters {
  /**
   * `allow`: without TLS, and with it where the server wants it; `prefer`: with TLS where the server has it; `driver`: the
   * URL speaks libpq's dialect of client keys, which the driver reads itself.
   */
  readonly mode: 'disable' | 'allow' | 'prefer' | 'require' | 'driver'
  readonly options: TlsOptions
}

/** What of a URL says how TLS is spoken. */
const NAMES = ['sslmode', 'sslaccept', 'sslcert', 'sslidentity', 'sslpassword', 'ssl'] as const

/**
 * Prisma's parameters of a database URL, taken out of it. As with Prisma and with psql, `sslmode=require` encrypts and asks
 * for no trusted certificate; `sslaccept=strict`, and libpq's `verify-ca` and `verify-full`, do.
 *
 * @param address of the database; its parameters are removed
 * @throws AdvisorError E_DATABASE where a file is named that is not there
 */
export function tlsParameters(address: URL): TlsParameters {
  const parameters = address.searchParams
  const isLibpq = ['sslkey', 'sslrootcert', 'uselibpqcompat', 'sslnegotiation'].some((name) =>
    parameters.has(name),
  )
  if (isLibpq) return { mode: 'driver', options: { rejectUnauthorized: true } }
  const [mode, accept, certificate, identity, password, ssl] = NAMES.map((name) => parameters.get(name))
  for (const name of NAMES) parameters.delete(name)
  const verifies = accept === 'strict' || mode === 'verify-ca' || mode === 'verify-full'
  const options: TlsOptions = {
    rejectUnauthorized: verifies && accept !== 'accept_invalid_certs' && mode !== 'no-verify',
    ...(certificate ? { ca: fileOf('sslcert', certificate) } : {}),
    ...(identity ? { pfx: fileOf('sslidentity', identity) } : {}),
    ...(password ? { passphrase: password } : {}),
  }
  if (mode === 'disable' || ssl === 'false') return { mode: 'disable', options }
  if (mode && mode !== 'prefer' && mode !== 'allow') return { mode: 'require', options }
  if (ssl === 'true' || verifies) return { mode: 'require', options }
  return { mode: mode === 'prefer' || accept || certificate || identity ? 'prefer' : 'allow', options }
}

/**
 * Tries the ways of connecting that the parameters allow, one after the other.
 *
 * @param connect with these options, or without TLS where they are false
 */
export async function connectWithTls<T>(
  { mode, options }: TlsParameters,
  connect: (tls: TlsOptions | false) => Promise<T>,
): Promise<T> {
  switch (mode) {
    case 'disable':
      return connect(false)
    case 'prefer':
      return connect(options).catch((error: Error) => {
        if (/does not support (?:SSL|secure connection)|ssl not enabled in the server/i.test(error.message))
          return connect(false)
        throw error
      })
    case 'allow':
      return connect(false).catch((error: Error) => {
        if (WANTS_TLS.test(error.message)) return connect(options)
        throw error
      })
    default:
      return connect(options)
  }
}

/** How servers and poolers say that they speak to nobody in the clear. */
const WANTS_TLS =
  /no encryption|SSL off|SSL required|SSL connection is required|secure transport|TLS required|require.*(?:SSL|TLS)/i

/** What to do where a certificate is not trusted; empty for other failures. */
export function tlsAdvice(message: string): string {
  if (!/certificate|self[- ]signed|altnames|CERT_/i.test(message)) return ''
  return (
    ' The certificate is not trusted: name the one that signed it (sslcert=path.pem; sslrootcert=path.pem with ' +
    'uselibpqcompat=true), or encrypt without asking who answers: sslaccept=accept_invalid_certs or sslmode=no-verify.'
  )
}

/** Prisma reads such paths from the directory of the schema. */
function fileOf(parameter: string, path: string): Buffer {
  const found = [resolve(path), resolve('prisma', path)].find((each) => existsSync(each))
  if (found === undefined)
    throw new AdvisorError(
      'E_DATABASE',
      `The file ${path}, which ${parameter} of the database URL names, does not exist.`,
    )
  return readFileSync(found)
}
