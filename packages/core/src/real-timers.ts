import { performance } from 'node:perf_hooks'
import timers from 'node:timers'

/**
 * Node's own timers, taken before a test can fake the global ones, and there where a test environment such as jsdom has
 * none or others. Their handles can be `unref`ed.
 */
export const { setImmediate, setTimeout, setInterval, clearImmediate, clearTimeout, clearInterval } = timers

/** Milliseconds of a clock that goes on where a test has faked the global one, even before this module was loaded. */
export const now: () => number = performance.now.bind(performance)
