import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from 'node:fs'

const PAGE = 8192
const SEGMENT_PAGES = (1024 * 1024 * 1024) / PAGE

/** Makes a relation this long without writing to it; PostgreSQL splits it into files of 1 GiB. */
export function resizeRelation(path: string, pages: number): void {
  const segments = Math.max(1, Math.ceil(pages / SEGMENT_PAGES))
  for (let segment = 0; segment < segments; segment++) {
    const rest = Math.min(SEGMENT_PAGES, pages - segment * SEGMENT_PAGES)
    resizeFile(segmentPath(path, segment), rest * PAGE)
  }
  // A shorter relation leaves empty segments behind, as PostgreSQL itself does.
  for (let segment = segments; existsSync(segmentPath(path, segment)); segment++) {
    resizeFile(segmentPath(path, segment), 0)
  }
}

function segmentPath(path: string, segment: number): string {
  return segment === 0 ? path : `${path}.${segment}`
}

function resizeFile(path: string, bytes: number): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w+')
  try {
    ftruncateSync(file, bytes)
  } finally {
    closeSync(file)
  }
}

/**
 * The planner reads two things in a b-tree: how high it is, from the first page, and its greatest and least key. An
 * index that was built on no rows says "no root". So a path from a root to one empty leaf is written: its height is
 * production's, and it holds no key.
 */
export function writeBtreePath(path: string, level: number): void {
  const file = openSync(path, 'r+')
  try {
    const root = Buffer.alloc(16)
    root.writeUInt32LE(1, 0)
    root.writeUInt32LE(level, 4)
    root.writeUInt32LE(1, 8)
    root.writeUInt32LE(level, 12)
    // After the page header (24 bytes), the magic number and the version.
    writeSync(file, root, 0, root.length, 32)
    for (let below = level; below >= 0; below--) {
      const block = 1 + level - below
      writeSync(file, btreePage(below, below === level, block + 1), 0, PAGE, block * PAGE)
    }
  } finally {
    closeSync(file)
  }
}

/** A rightmost page with one downlink, or an empty leaf; the layout is that of `bufpage.h`, `itup.h` and `nbtree.h`. */
function btreePage(level: number, isRoot: boolean, child: number): Buffer {
  const page = Buffer.alloc(PAGE)
  const special = PAGE - 16
  const isLeaf = level === 0
  const upper = isLeaf ? special : special - 8
  page.writeUInt16LE(isLeaf ? 24 : 28, 12)
  page.writeUInt16LE(upper, 14)
  page.writeUInt16LE(special, 16)
  page.writeUInt16LE(PAGE | 4, 18)
  if (!isLeaf) {
    page.writeUInt32LE(upper | (1 << 15) | (8 << 17), 24)
    page.writeUInt16LE(child >>> 16, upper)
    page.writeUInt16LE(child & 0xffff, upper + 2)
    page.writeUInt16LE(8 | 0x2000, upper + 6)
  }
  page.writeUInt32LE(level, special + 8)
  page.writeUInt16LE((isLeaf ? 1 : 0) | (isRoot ? 2 : 0), special + 12)
  return page
}
