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
 * The first page of a b-tree says where its root is and how high the tree is; the planner adds the cost of the way
 * down. An index that was built on no rows says "no root", so the two are written in.
 */
export function writeBtreeHeight(path: string, level: number): void {
  const root = Buffer.alloc(16)
  root.writeUInt32LE(1, 0)
  root.writeUInt32LE(level, 4)
  root.writeUInt32LE(1, 8)
  root.writeUInt32LE(level, 12)
  const file = openSync(path, 'r+')
  try {
    // After the page header (24 bytes), the magic number and the version.
    writeSync(file, root, 0, root.length, 32)
  } finally {
    closeSync(file)
  }
}
