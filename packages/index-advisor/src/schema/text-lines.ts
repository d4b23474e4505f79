/** Line numbers of offsets, from 1. */
export class TextLines {
  private readonly starts: number[] = [0]

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1)
  }

  lineOf(offset: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] as number) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Offset at which the line begins. */
  startOf(line: number): number {
    return this.starts[line - 1] ?? 0
  }
}
