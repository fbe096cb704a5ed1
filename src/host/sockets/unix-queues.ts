import { CHILD_ENV } from '../child-env.ts';

const PERL = '/usr/bin/perl';

/** For each the kernel goes through all sockets of the host: 80 ms where there are 200,000. */
const LIMIT_MS = 10_000;

/** What the kernel answers. */
export interface UnixQueues {
  /** inode → connections that wait to be accepted; null: no listening Unix socket has this inode */
  lengths: ReadonlyMap<string, number | null>;
  /** why others have no answer; null: none has */
  error: string | null;
}

/**
 * How many connections wait for each of these Unix sockets, by their inodes, asked of the kernel: what the sockets of
 * others are called does not matter. In the network namespace of this process. Those asked for first are answered first.
 */
export async function askUnixQueues(inodes: readonly string[]): Promise<UnixQueues> {
  // most runs do not ask
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => {
    const options = { env: CHILD_ENV, cwd: '/', timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
    const child = execFile(PERL, ['-e', SCRIPT], options, (error, stdout, stderr) => {
      resolve({ lengths: parseAnswers(stdout), error: error && explain(error, stderr) });
    });
    // what became of it is said where it ends
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(inodes.map((inode) => `${inode}\n`).join(''));
  });
}

function parseAnswers(stdout: string): Map<string, number | null> {
  const rows = [...stdout.matchAll(/^(\d+) (?:(\d+)|-)$/gm)];
  return new Map(
    rows.map(([, inode = '', length]) => [inode, length === undefined ? null : Number(length)]),
  );
}

function explain(error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  if (error.code === 'ENOENT') return `there is no ${PERL} (apt-get install perl-base)`;
  if (error.killed === true) return `the kernel has not answered within ${LIMIT_MS / 1000} s`;
  return stderr.trim().split('\n').at(-1) || error.message.split('\n', 1)[0]!;
}

/**
 * Node has no socket of the kind by which the kernel is asked, sock_diag(7); Perl has, and perl-base is on every Debian. A
 * message is a header (length, type SOCK_DIAG_BY_FAMILY, flag NLM_F_REQUEST) and a `unix_diag_req`: the inode,
 * UDIAG_SHOW_RQLEN and no cookie. The answer is a `unix_diag_msg` with the state and the attribute UNIX_DIAG_RQLEN, or an
 * error: ENOENT where there is no such socket, and where the kernel cannot tell of any, so it is asked of one of our own.
 */
const SCRIPT = `
use strict;
$| = 1;
socket(my $kernel, 16, 3, 4) or die "the kernel cannot be asked: $!\\n";
socket(my $own, 1, 1, 0) or die "no socket: $!\\n";
defined ask((stat $own)[1]) or die "this kernel does not tell of Unix sockets (modprobe unix_diag)\\n";
while (my $line = <STDIN>) {
  chomp $line;
  my $length = ask($line);
  print "$line ", $length // '-', "\\n";
}
sub ask {
  my ($inode) = @_;
  my $message = pack 'LSSLL CCSLLLLL', 40, 20, 1, 0, 0, 1, 0, 0, 0xffffffff, $inode, 0x10, 0xffffffff, 0xffffffff;
  send($kernel, $message, 0, pack 'SSLL', 16, 0, 0, 0) or die "the kernel cannot be asked: $!\\n";
  defined recv($kernel, my $answer, 65536, 0) or die "the kernel does not answer: $!\\n";
  my ($size, $type) = unpack 'LS', $answer;
  if ($type == 2) {
    $! = -unpack 'l', substr $answer, 16, 4;
    return undef if $! == 2;
    die "the kernel does not tell: $!\\n";
  }
  my $state = unpack 'C', substr $answer, 18, 1;
  for (my $at = 32; $at + 4 <= $size;) {
    my ($length, $kind) = unpack 'SS', substr $answer, $at, 4;
    return $state == 10 ? unpack('L', substr $answer, $at + 4, 4) : '-' if $kind == 4;
    last if $length < 4;
    $at += ($length + 3) & ~3;
  }
  die "the kernel's answer has no length of a queue\\n";
}
`;
