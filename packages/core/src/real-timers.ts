import timers from 'node:timers'

/**
 * Node's own timers, taken before a test can fake the global ones, and there where a test environment such as jsdom has
 * none or others. Their handles can be `unref`ed.
 */
export const { setImmediate, setTimeout, setInterval, clearImmediate, clearTimeout, clearInterval } = timers
