import { useValue } from '../state/value.ts'
import { requestList } from './request-list.ts'

/** Where the application runs, if all processes run in one place: places in the code are told as seen from there. */
export function useDirectory(): string {
  const processes = useValue(requestList.status)?.processes ?? []
  const all = new Set(processes.map((each) => ('cwd' in each ? String(each.cwd) : '')))
  const [only = ''] = all
  return all.size === 1 ? only : ''
}
