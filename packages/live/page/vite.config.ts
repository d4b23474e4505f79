import { defineConfig } from 'vite'

/** The page as the hub serves it: files of its own alone, so that its policy allows no others. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: 'chrome125',
    // What is inlined would be refused.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
