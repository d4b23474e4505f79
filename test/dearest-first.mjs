import Sequencer from '@jest/test-sequencer'

/** Files that take half a minute and more, whatever their size: begun last, one of them would run while the other worker idles. */
const DEAR = [
  'package/package-managers',
  'live/page-views',
  'index-advisor/agreeing-forms',
  'cache/changes-oracle',
  'index-advisor/ci-recipe',
  'live/page-hubs',
  'live/recording',
  'cache/freshness-oracle',
  'index-advisor/static-write',
  'index-advisor/written-migrations',
  'index-advisor/constant-conditions',
  'index-advisor/index-selection',
  'batching/refused-creates-oracle',
  'package/packed',
  'docs/site',
  'resilience/process-end',
]

/** On a machine that has run them before Jest knows how long each took; on a new one it goes by their size. */
export default class DearestFirst extends Sequencer {
  sort(tests) {
    const isDear = ({ path }) => DEAR.some((name) => path.includes(name))
    const sorted = super.sort(tests)
    return [...sorted.filter(isDear), ...sorted.filter((test) => !isDear(test))]
  }
}
