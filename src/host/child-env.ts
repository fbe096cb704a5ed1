/**
 * The whole environment of a program that we start, but for what it is given besides. Nothing of ours: that may be of
 * whoever called us (`LD_PRELOAD`, `NODE_OPTIONS`, a `PATH` with a folder of theirs), and it would be obeyed as root.
 */
export const CHILD_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
