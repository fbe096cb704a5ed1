import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { hasAcl } from './attributes.ts';
import { explainErrno } from '../../host-fault.ts';
import { MountGuard, NOT_ENTERED, readMountId } from './mount-guard.ts';
import {
  dependsOnAcl,
  findDistrust,
  type Component,
  type Distrust,
  type Self,
} from './trust-rule.ts';

/** Opens nothing but the name: no device is touched, no pipe waited for. Node does not name it; the same on all its platforms. */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

/** As many as the kernel follows. */
const MOST_LINKS = 40;
/** Far above any path that people use; a chain of links can be made to name millions. */
const MOST_NAMES = 512;

/** An open folder. The path is its real one. `mount`: the number of the mount that it lies on. */
export interface OpenFolder {
  fd: number;
  path: string;
  mount: number;
  /** nobody but root can write to it, nor to those above it; not each that is trusted */
  isRoots: boolean;
}

/** Where a path leads, component by component. */
export interface Way {
  /** the real path, also of what is not there */
  path: string;
  /** the folders from `/` on, the links, and the file itself where it is there */
  components: Component[];
  /** the innermost folder that is there; where the path leads to a folder, that one */
  folder: OpenFolder;
  /** what of the real path lies below `folder`: the file's name, or all that is not there */
  below: string[];
  /** what is there and is no folder, opened as a name alone (O_PATH) */
  file: { fd: number; stat: Stats } | null;
  /** it is not there, and it is a link that says so */
  isDangling: boolean;
}

/** Where paths begin, and the mounts that they may lead across. */
export interface Root {
  path: string;
  guard: MountGuard;
}

export const HOST: Root = { path: '/', guard: new MountGuard('/proc/self') };

/**
 * Walks a path with a descriptor for each component, so that nobody can exchange one behind our back, and follows
 * the links itself, so that each is known. No file system is walked into that may never answer (see `MountGuard`).
 * What `use` returns is returned; the descriptors are closed then.
 *
 * @throws NodeJS.ErrnoException where a component cannot be opened; one that is not there is no error
 */
export function walkPath<T>(path: string, use: (way: Way) => T, root = HOST): T {
  const walker = new Walker(root);
  try {
    return use(walker.walk(path));
  } finally {
    walker.close();
  }
}

/** Where `name` stands in an open folder, whatever happens to the folder's own name. */
export function inFolder({ fd }: OpenFolder, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** Whom the rule takes for root: root, and whoever runs this. */
export function whoWeAre(): Self {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

/** Opens a name alone, links not followed; null: nothing has it. */
export function openIn(
  folder: OpenFolder,
  name: string,
  guard: MountGuard,
): { fd: number; mount: number } | null {
  const path = join(folder.path, name);
  guard.beforeOpening(path, folder.mount);
  let fd: number;
  try {
    fd = openSync(inFolder(folder, name), O_PATH | O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw fault(code ?? 'EIO', path);
  }
  try {
    return { fd, mount: guard.afterOpening(fd, path, folder.mount) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

class Walker {
  /** one for each folder of the real path, so that `..` is the folder that was come through */
  private readonly folders: OpenFolder[] = [];
  private readonly components: Component[] = [];
  private file: number | null = null;

  private readonly root: Root;

  constructor(root: Root) {
    this.root = root;
  }

  walk(path: string): Way {
    let names = namesOf(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
    let links = 0;
    // how many of the last names were given, and are not what a link says
    let given = names.length;
    this.enterRoot();
    for (let count = 0; names.length > 0; count++) {
      const [name = '', ...rest] = names;
      const isGiven = names.length <= given;
      if (isGiven) given = rest.length;
      if (count > MOST_NAMES) throw fault('ELOOP', path);
      if (name === '..') {
        if (this.folders.length > 1) closeSync((this.folders.pop() as OpenFolder).fd);
        names = rest;
        continue;
      }
      const opened = openIn(this.folder(), name, this.root.guard);
      if (opened === null) return this.end(names, null, !isGiven);
      const { fd, mount } = opened;
      this.file = fd;
      const stat = fstatSync(fd);
      const at = this.pathOf(name);
      if (stat.isSymbolicLink()) {
        if (++links > MOST_LINKS) throw fault('ELOOP', path);
        this.note('link', at, stat, fd);
        // whoever exchanges it at this moment gets an error
        const target = naming(at, () => readlinkSync(inFolder(this.folder(), name)));
        closeSync(fd);
        this.file = null;
        if (target.startsWith('/')) this.leaveTo(1);
        names = [...namesOf(target), ...rest];
      } else if (stat.isDirectory()) {
        this.note('folder', at, stat, fd);
        const isRoots = this.folder().isRoots && isRootsAlone(stat);
        if (isRoots) this.root.guard.makeSure(at, mount);
        this.folders.push({ fd, path: at, mount, isRoots });
        this.file = null;
        names = rest;
      } else {
        if (rest.length > 0) throw fault('ENOTDIR', at);
        this.note('file', at, stat, fd);
        return this.end(names, { fd, stat });
      }
    }
    return this.end([], null);
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.leaveTo(0);
  }

  private enterRoot(): void {
    const { path, guard } = this.root;
    const isHost = this.root === HOST;
    if (!isHost) guard.beforeOpening('/', null);
    const fd = openSync(path, O_PATH | O_DIRECTORY);
    this.file = fd;
    const mount = isHost ? readMountId(fd) : guard.afterOpening(fd, '/', null);
    this.file = null;
    const stat = fstatSync(fd);
    this.folders.push({ fd, path: '/', mount, isRoots: isRootsAlone(stat) });
    this.note('folder', '/', stat, fd);
  }

  private end(below: string[], file: Way['file'], isDangling = false): Way {
    const folder = this.folder();
    const path = below.length === 0 ? folder.path : this.pathOf(below.join('/'));
    return { path, components: this.components, folder, below, file, isDangling };
  }

  private note(kind: Component['kind'], path: string, stat: Stats, fd: number): void {
    const { uid, gid, mode } = stat;
    const component: Component = { path, kind, uid, gid, mode: mode & 0o7777 };
    if (dependsOnAcl(component, whoWeAre())) component.hasAcl = hasAcl(fd);
    this.components.push(component);
  }

  private folder(): OpenFolder {
    return this.folders.at(-1) as OpenFolder;
  }

  private pathOf(name: string): string {
    return join(this.folder().path, name);
  }

  private leaveTo(count: number): void {
    while (this.folders.length > count) closeSync((this.folders.pop() as OpenFolder).fd);
  }
}

function isRootsAlone({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & 0o022) === 0;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

export function fault(code: string, path: string, syscall = 'open'): NodeJS.ErrnoException {
  const [, text = 'unknown error'] =
    [...getSystemErrorMap().values()].find(([name]) => name === code) ?? [];
  // as Node says it
  const message = `${code}: ${text}, ${syscall} '${path}'`;
  return Object.assign(new Error(message), { code, path, syscall });
}

/** Does `work`, whose system errors are of `path`: they would name a descriptor otherwise. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : fault(code, path, syscall);
  }
}

/** What root may do with what a path leads to; `path` is the real one, `uid` null where it could not be followed. */
export type Verdict =
  | { trusted: true; path: string }
  | ({ trusted: false; path: string; uid: number | null } & Omit<Distrust, 'uid'>);

/**
 * Judges a path by the trust rule (see `findDistrust`). What is not there is judged by the folders that are. Never
 * throws: what cannot be followed is not trusted.
 */
export function judgePath(path: string): Verdict {
  try {
    return walkPath(path, judgeWay);
  } catch (error) {
    const reason = explainErrno(error);
    const command = adviseLook(error, `ls -ld ${path}`);
    return { trusted: false, path, at: path, uid: null, reason, command };
  }
}

/** The command that shows what is wrong; `usual` might wait for ever for a file system that was not walked into. */
export function adviseLook(error: unknown, usual: string): string {
  const { code, path } = error as NodeJS.ErrnoException;
  return code === NOT_ENTERED ? `findmnt ${path}` : usual;
}

/** The verdict on a way that is being walked. */
export function judgeWay({ path, components }: Way): Verdict {
  const distrust = findDistrust(components, whoWeAre());
  return distrust === null ? { trusted: true, path } : { trusted: false, path, ...distrust };
}
