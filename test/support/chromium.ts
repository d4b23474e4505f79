import { existsSync } from 'node:fs'

import { type Browser, chromium } from 'playwright-core'

import { ensureDebianPackage } from './debian-package.ts'

/** Debian's Chromium without a window; it looks for nothing on the network. */
export async function openChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  ensureDebianPackage('chromium', () => existsSync(executablePath))
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
