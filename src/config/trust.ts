/** Who owns a file or folder and who may write to it. */
export interface Ownership {
  path: string;
  uid: number;
  gid: number;
  /** the permission bits, such as 0o640, with the sticky bit */
  mode: number;
}

/** Why a file is not trusted, and the command that mends it. */
export interface Distrust {
  reason: string;
  hint: string;
}

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;

/** What leads to a file: the links, and the folders that hold these and the file itself. */
export interface Way {
  links: Ownership[];
  folders: Ownership[];
}

/**
 * Why root must not obey `file`: somebody else could have written it, or could put another one in
 * its place. Null: it is root's alone.
 */
export function findDistrust(file: Ownership, { links, folders }: Way): Distrust | null {
  if (file.uid !== 0) return distrust(file, `it belongs to user ${file.uid}`, 'chown root:root');
  if (file.mode & (WRITABLE_BY_GROUP | WRITABLE_BY_OTHERS)) {
    return distrust(
      file,
      `others than root may write to it (mode ${octal(file.mode)})`,
      'chmod go-w',
    );
  }
  for (const link of links) {
    if (link.uid !== 0) {
      const reason = `the link ${link.path} belongs to user ${link.uid}`;
      return distrust(link, reason, 'chown -h root:root');
    }
  }
  for (const folder of folders) {
    if (folder.uid !== 0) {
      return distrust(
        folder,
        `its folder ${folder.path} belongs to user ${folder.uid}`,
        'chown root:root',
      );
    }
    if (letsOthersReplace(folder)) {
      const reason = `others than root may write to its folder ${folder.path} (mode ${octal(folder.mode)})`;
      return distrust(folder, reason, 'chmod go-w');
    }
  }
  return null;
}

/** The sticky bit keeps users from replacing what is not theirs; group root is root. */
function letsOthersReplace({ mode, gid }: Ownership): boolean {
  if (mode & STICKY) return false;
  return (mode & WRITABLE_BY_OTHERS) !== 0 || (gid !== 0 && (mode & WRITABLE_BY_GROUP) !== 0);
}

function distrust({ path }: Ownership, reason: string, command: string): Distrust {
  return { reason, hint: `Whoever can write it decides what root does. Run: ${command} ${path}` };
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
