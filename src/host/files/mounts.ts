/** A mount of the host, as far as it matters whether it may keep us waiting. See proc_pid_mountinfo(5). */
export interface Mount {
  id: number;
  /** of the file system, such as `0:45`: the same for each of its mounts */
  device: string;
  /** the folder, or file, that it lies over */
  point: string;
  /** such as `ext4`, `nfs4`, `fuse.sshfs` */
  type: string;
  /** FUSE: whose process serves it; null: nobody's, or it is not said */
  uid: number | null;
}

/** `last`: by mount point, the mount that one gets to there. */
export interface MountTable {
  byId: ReadonlyMap<number, Mount>;
  last: ReadonlyMap<string, Mount>;
}

/**
 * File systems that the kernel itself answers for, from memory or from a disk. Of any other somebody is asked who may not
 * answer: a server, or a process (FUSE).
 */
const LOCAL = new Set([
  ...[
    'ext2',
    'ext3',
    'ext4',
    'xfs',
    'btrfs',
    'f2fs',
    'zfs',
    'bcachefs',
    'jfs',
    'reiserfs',
    'nilfs2',
  ],
  ...['vfat', 'msdos', 'exfat', 'ntfs', 'ntfs3', 'hfs', 'hfsplus', 'iso9660', 'udf', 'squashfs'],
  ...['erofs', 'cramfs', 'romfs', 'ubifs', 'jffs2', 'overlay', 'aufs', 'ecryptfs'],
  ...['tmpfs', 'ramfs', 'rootfs', 'devtmpfs', 'devpts', 'hugetlbfs', 'mqueue', 'shm'],
  ...[
    'proc',
    'sysfs',
    'cgroup',
    'cgroup2',
    'nsfs',
    'securityfs',
    'selinuxfs',
    'debugfs',
    'tracefs',
  ],
  ...['configfs', 'pstore', 'efivarfs', 'fusectl', 'binfmt_misc', 'bpf', 'rpc_pipefs', 'nfsd'],
]);

/** A server whose word nobody waits for can still be asked by a program that is left behind. */
export type Entry = 'free' | 'ask' | 'never';

/**
 * Whether a mount is walked into: at once, once it has answered another program, or never. A process that serves a file
 * system (FUSE) can answer one time and not the next, so that of another user is never walked into.
 */
export function judgeMount({ type, uid, point }: Mount, ownUid: number): Entry {
  // what / is has answered: we came from there
  if (LOCAL.has(type) || point === '/') return 'free';
  return uid === null || uid === 0 || uid === ownUid ? 'ask' : 'never';
}

/** Whether a program that waits for it may wait on after SIGKILL: so it is with a request that a process has taken. */
export function outlivesKill({ type }: Mount): boolean {
  return /^(?:fuse|virtiofs|9p)/.test(type);
}

/** Reads the lines of a mountinfo, in pieces of whole lines; what does not look like one is left out. */
export function parseMounts(pieces: Iterable<string>): MountTable {
  const byId = new Map<number, Mount>();
  const last = new Map<string, Mount>();
  for (const piece of pieces) {
    for (const line of piece.split('\n')) {
      const mount = parseMount(line);
      if (mount === null) continue;
      byId.set(mount.id, mount);
      last.set(mount.point, mount);
    }
  }
  return { byId, last };
}

function parseMount(line: string): Mount | null {
  const fields = line.split(' ');
  const [id = '', , device = '', , point = ''] = fields;
  // as many optional fields as there are, up to a single hyphen
  const end = fields.indexOf('-', 6);
  if (!/^\d+$/.test(id) || !/^\d+:\d+$/.test(device) || end < 0) return null;
  const type = fields[end + 1] ?? '';
  const uid = /(?:^|,)user_id=(\d+)(?:,|$)/.exec(fields[end + 3] ?? '')?.[1];
  return {
    ...{ id: Number(id), device, point: unescape(point), type: unescape(type) },
    uid: uid !== undefined && /^fuse/.test(type) ? Number(uid) : null,
  };
}

/** The kernel writes blanks, line breaks, backslashes and `#` as octal numbers; its bytes were read as characters. */
function unescape(text: string): string {
  if (!/[\\\x80-\xff]/.test(text)) return text;
  const bytes = text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
