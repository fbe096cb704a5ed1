import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { EXIT, UserError } from '../../errors.ts';

/** An extended attribute, such as `system.posix_acl_access` (an ACL), `security.selinux` or `user.note`. */
export interface Attribute {
  name: string;
  /** its bytes in hexadecimal digits */
  value: string;
}

/** A right that a program has, or a checksum of what is in the file: neither is for the file that comes after it. */
const NOT_KEPT = ['security.capability', 'security.ima', 'security.evm'];
const ACL = 'system.posix_acl_access';

/** The extended attributes of an open file or folder. @throws UserError failed where they cannot be determined */
export function readAttributes(fd: number, path: string): Attribute[] {
  const lines = runPerl('read', fd, '', path).split('\n');
  return lines.flatMap((line) => {
    const [name = '', value = ''] = line.split(' ');
    const plain = Buffer.from(name, 'hex').toString('latin1');
    return name === '' || NOT_KEPT.includes(plain) ? [] : [{ name: plain, value }];
  });
}

/**
 * Sets extended attributes of an open file, and takes away the ACL that a new one got from its folder where it is not
 * among them: it would let others read what they could not. @throws UserError failed where one cannot be set
 */
export function writeAttributes(fd: number, attributes: readonly Attribute[], path: string): void {
  if (attributes.length === 0 && whyNoAttributes() !== null) return;
  const lines = attributes.map(
    ({ name, value }) => `${Buffer.from(name, 'latin1').toString('hex')} ${value}\n`,
  );
  runPerl('write', fd, lines.join(''), path);
}

/** Why extended attributes can neither be read nor set on this host; null: they can. */
export function whyNoAttributes(): string | null {
  if (SETXATTR[process.arch] === undefined) return `not supported on ${process.arch}`;
  return existsSync(PERL) ? null : `there is no ${PERL}`;
}

/** Whether an open file or folder has an ACL; also where that cannot be determined. */
export function hasAcl(fd: number): boolean {
  try {
    return readAttributes(fd, '').some(({ name }) => name === ACL);
  } catch {
    return true;
  }
}

const PERL = '/usr/bin/perl';

/** The number of setxattr(2); getxattr(2) is 3 further, listxattr(2) 6, removexattr(2) 9. */
const SETXATTR: Record<string, number> = {
  ...{ x64: 188, arm64: 5, riscv64: 5, loong64: 5, arm: 226, ia32: 226, ppc64: 209, s390x: 224 },
};

/**
 * Node has no call for extended attributes. Perl can make any, and perl-base is on every Debian; the file is its
 * descriptor 3, so that no path is involved. Attributes are lines: name and value in hexadecimal digits.
 */
const SCRIPT = `
use strict;
my ($what, $set) = @ARGV;
my $file = "/proc/self/fd/3\\0";
if ($what eq 'write') {
  my $acl = "${ACL}\\0";
  syscall($set + 9, $file, $acl) == 0 or $! == 61 or $! == 95 or die "$!\\n";
  while (my $line = <STDIN>) {
    my ($name, $value) = map { pack 'H*', $_ } $line =~ /^([0-9a-f]+) ([0-9a-f]*)$/ or die "malformed\\n";
    my ($key, $size) = ("$name\\0", length $value);
    $value .= "\\0";
    syscall($set, $file, $key, $value, $size, 0) == 0 or die "$name: $!\\n";
  }
  exit 0;
}
my $names = "\\0" x 65536;
my $length = syscall($set + 6, $file, $names, 65536);
exit 0 if $length < 0 && $! == 95;
die "$!\\n" if $length < 0;
for my $name (split /\\0/, substr $names, 0, $length) {
  my ($key, $value) = ("$name\\0", "\\0" x 65536);
  my $size = syscall($set + 3, $file, $key, $value, 65536);
  next if $size < 0 && $! == 61;
  die "$name: $!\\n" if $size < 0;
  print unpack('H*', $name), ' ', unpack('H*', substr $value, 0, $size), "\\n";
}
`;

function runPerl(what: 'read' | 'write', fd: number, input: string, path: string): string {
  const why = whyNoAttributes();
  if (why !== null) throw cannot(path, why, 'Install perl: apt-get install perl-base');
  const { error, status, stdout, stderr } = spawnSync(
    PERL,
    ['-e', SCRIPT, what, String(SETXATTR[process.arch])],
    {
      stdio: ['pipe', 'pipe', 'pipe', fd],
      input,
      encoding: 'latin1',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      timeout: 10_000,
    },
  );
  if (error !== undefined) throw cannot(path, error.message);
  if (status === 0) return stdout;
  throw cannot(path, stderr.trim().split('\n').at(-1) ?? '');
}

function cannot(path: string, why: string, hint?: string): UserError {
  const what = 'its ACL and extended attributes cannot be kept';
  return new UserError(EXIT.failed, `${path}: ${what}: ${why}`, hint);
}
