import { basename, dirname, join } from 'node:path';
import type { Call } from '../faults/slot.ts';

/** What folders hold: path → inode and content in base64, null for a folder. */
export type Trees = Record<string, [inode: number, content: string | null]>;

/** A call, and the folders right before it. */
export interface Step {
  call: Call;
  trees: Trees;
}

/** What may be on the disk after a power loss: path → content in base64, null for a folder. */
export interface Disk {
  /** when, for people */
  label: string;
  files: Map<string, string | null>;
}

/**
 * The disks that a power loss may leave at each call, by the strictest reading of fsync(2): a file's content
 * is there once the file was synced, and a name (made, changed or removed) once its folder was. What was not
 * may be lost or not: both are tried, for each of `roots` by itself. Equal disks are given once.
 */
export function findDisks(steps: readonly Step[], roots: readonly string[]): Disk[] {
  const disks = new Map<string, Disk>();
  const synced = new Synced(steps[0]?.trees ?? {});
  for (const { call, trees } of steps) {
    const [number, name, path] = call;
    synced.forgetReused(trees);
    for (let choice = 0; choice < 2 ** roots.length; choice++) {
      const files = new Map<string, string | null>();
      const kept: string[] = [];
      for (const [index, root] of roots.entries()) {
        const isLost = (choice >> index) % 2 === 0;
        if (!isLost) kept.push(root);
        const content = isLost ? synced.below(root) : liveBelow(trees, root);
        for (const [each, text] of content) files.set(each, text);
      }
      const label = `power lost before call ${number}, ${name} ${path}; not lost: ${kept.join(', ') || 'nothing unsynced'}`;
      const key = JSON.stringify([...files].sort());
      if (!disks.has(key)) disks.set(key, { label, files });
    }
    if (name === 'fsync' || name === 'fdatasync') synced.sync(String(path), trees);
  }
  return [...disks.values()];
}

/** Keeps what is on the disk for certain. */
class Synced {
  private readonly contents = new Map<number, string>();
  /** of each folder its names; the folder's own inode is its key */
  private readonly folders = new Map<number, Map<string, number>>();
  private seen: Set<number>;
  private readonly roots = new Map<string, number>();

  /** What is there at the beginning has been there for long. */
  constructor(trees: Trees) {
    this.seen = new Set(Object.values(trees).map(([inode]) => inode));
    for (const path of Object.keys(trees)) this.sync(path, trees);
    for (const [path, [inode]] of Object.entries(trees)) this.roots.set(path, inode);
  }

  /** The number of an inode is given again: what is new now was not synced under that number. */
  forgetReused(trees: Trees): void {
    const now = new Set(Object.values(trees).map(([inode]) => inode));
    for (const inode of now) {
      if (!this.seen.has(inode)) this.contents.delete(inode);
    }
    this.seen = now;
  }

  sync(path: string, trees: Trees): void {
    const found = trees[path];
    if (found === undefined) return;
    const [inode, content] = found;
    if (content !== null) {
      this.contents.set(inode, content);
      return;
    }
    const names = Object.entries(trees).filter(([each]) => dirname(each) === path);
    this.folders.set(inode, new Map(names.map(([each, [child]]) => [each, child])));
    // a new folder's inode shows from its parent that it is one
    for (const [, [child, text]] of names) {
      if (text === null && !this.folders.has(child)) this.folders.set(child, new Map());
    }
  }

  below(root: string): Map<string, string | null> {
    const found = new Map<string, string | null>();
    const inode = this.roots.get(root);
    if (inode !== undefined) this.collect(root, inode, found);
    return found;
  }

  private collect(path: string, inode: number, found: Map<string, string | null>): void {
    const names = this.folders.get(inode);
    // a file whose content was never synced is empty
    found.set(path, names === undefined ? (this.contents.get(inode) ?? '') : null);
    for (const [name, child] of names ?? []) {
      this.collect(join(path, basename(name)), child, found);
    }
  }
}

function liveBelow(trees: Trees, root: string): [string, string | null][] {
  return Object.entries(trees)
    .filter(([path]) => path === root || path.startsWith(`${root}/`))
    .map(([path, [, content]]) => [path, content]);
}
