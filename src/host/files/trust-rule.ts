/** What leads to a file, or the file itself: who owns it and who may write to it. */
export interface Component {
  path: string;
  kind: 'folder' | 'link' | 'file';
  uid: number;
  gid: number;
  /** the permission bits, such as 0o640, with the sticky bit; with an ACL the group's bits are its mask */
  mode: number;
  /** it has an ACL; asked only where the rule depends on it: see `dependsOnAcl` */
  hasAcl?: boolean;
}

/** Who judges: another user than root trusts itself as well. */
export interface Self {
  uid: number;
  gid: number;
}

/** Why a file is foreign: which component of its path, whose it is, and the command that mends it. */
export interface Distrust {
  at: string;
  uid: number;
  /** for people, without the path of the file itself */
  reason: string;
  command: string;
}

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_OTHERS = 0o002;
export const STICKY = 0o1000;

/**
 * The trust rule, the only one: root obeys, edits and writes what root owns and nobody else can write, on every
 * component of the real path and every link on the way. All else is foreign. Null: it is root's alone.
 *
 * - A link must be root's; its mode says nothing, and what it says cannot be changed.
 * - A file must not be writable by a group, whatever the group, nor by others.
 * - A folder may be writable by the group root, which is root, unless it has an ACL: the group's bits are then the
 *   mask, and may stand for any user. For the same reason no other ACL needs to be looked at: whoever it lets write
 *   shows in these bits.
 * - A folder that all may write, such as /tmp, is none to be feared where it is sticky: nobody but root can then
 *   rename or remove what is root's in it, and whatever is somebody else's is foreign by its own owner.
 */
export function findDistrust(way: readonly Component[], self: Self): Distrust | null {
  // the file first: it is what people have in mind
  const order = { file: 0, link: 1, folder: 2 };
  const sorted = way.toSorted((a, b) => order[a.kind] - order[b.kind]);
  for (const component of sorted) {
    const found = judge(component, self);
    if (found !== null) return found;
  }
  return null;
}

/** Whether the verdict on a folder depends on its having an ACL. */
export function dependsOnAcl({ kind, gid, mode }: Component, self: Self): boolean {
  const isDecided = (mode & (STICKY | WRITABLE_BY_OTHERS)) !== 0;
  return (
    kind === 'folder' && !isDecided && (mode & WRITABLE_BY_GROUP) !== 0 && isOwnGroup(gid, self)
  );
}

function judge(component: Component, self: Self): Distrust | null {
  const { kind, path, uid, mode } = component;
  const what = { file: 'it', link: `the link ${path}`, folder: `its folder ${path}` }[kind];
  if (uid !== 0 && uid !== self.uid) {
    const command = kind === 'link' ? 'chown -h root:root' : 'chown root:root';
    return distrust(component, `${what} belongs to user ${uid}`, command);
  }
  if (kind === 'link' || !letsOthersWrite(component, self)) return null;
  const reason = `users other than root may write to ${what} (mode ${octal(mode)})`;
  return distrust(component, reason, 'chmod go-w');
}

function letsOthersWrite(component: Component, self: Self): boolean {
  const { kind, gid, mode, hasAcl } = component;
  if (kind === 'file') return (mode & (WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS)) !== 0;
  if ((mode & STICKY) !== 0) return false;
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return true;
  return (mode & WRITABLE_BY_GROUP) !== 0 && (!isOwnGroup(gid, self) || hasAcl !== false);
}

function isOwnGroup(gid: number, self: Self): boolean {
  return gid === 0 || (self.uid !== 0 && gid === self.gid);
}

function distrust({ path, uid }: Component, reason: string, command: string): Distrust {
  return { at: path, uid, reason, command: `${command} ${path}` };
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
