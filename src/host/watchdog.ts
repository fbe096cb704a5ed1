import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { CHILD_ENV } from './child-env.ts';
import { EXIT, UserError } from '../errors.ts';
import { explainErrno } from './fault.ts';
import { toError } from './journal.ts';
import { openPage } from './other-program.ts';
import { hidePhases, PAGE, readVerdict, showPhases, STATE } from './phase.ts';

/** Nothing of what is done between two changes takes nearly as long. */
const LIMIT_S = 30;
/** How long this process has to end the run in order, before it is ended from outside. */
const GRACE_S = 2;
/** How often it looks whether it has been given up. */
const LOOK_MS = 500;

const PERL = '/usr/bin/perl';
const HINT = 'The next run starts from the beginning. If this happens again, examine that service.';

/** Ends a run that does not get on. */
export interface Watchdog {
  /** What `work` answers. @throws UserError failed where a phase of it lasts too long and no change is under way */
  unlessStuck: <T>(work: () => Promise<T>) => Promise<T>;
  stop: () => void;
}

/**
 * Watches this process from a second one, which goes on where this is held up by a computation or a system call
 * of the kernel: then it says on stderr in what, and kills it, and with it the lock goes. Where this one only waits for
 * something, it ends the run itself.
 *
 * Time is counted in steps of a second, each of which counts as one however long it was, and not at all while this process
 * is stopped: neither a host that slept nor a clock that jumps ends a run.
 *
 * A second thread of Node's would do the same for 11 MB and half of what an empty Node.js takes of the processor; perl-base
 * is on every Debian. Where it cannot be started the run does without, and `reportLack` says why.
 */
export function startWatchdog(reportLack: (why: string) => void, limitS = LIMIT_S): Watchdog {
  let hear: (verdict: string) => void = () => undefined;
  const stuck = new Promise<never>((_, reject) => {
    hear = (verdict) => reject(new UserError(EXIT.failed, verdict, HINT));
  });
  stuck.catch(() => undefined);
  const end = start(limitS, hear, reportLack);
  const timer = setInterval(readVerdict, LOOK_MS).unref();
  return {
    unlessStuck: (work) => Promise.race([work(), stuck]),
    stop: () => {
      clearInterval(timer);
      end();
    },
  };
}

/** Answers what ends it. */
function start(
  limitS: number,
  hear: (verdict: string) => void,
  reportLack: (why: string) => void,
): () => void {
  let fd: number | null = null;
  const forget = (): void => {
    hidePhases();
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  const fail = (error: Error): void => {
    forget();
    reportLack(`no watchdog: ${PERL}: ${explainErrno(error)}`);
  };
  try {
    fd = openPage();
    showPhases(fd, hear);
    const words = toError(`autoscaler: %s\n${HINT}`);
    const child = spawn(
      PERL,
      ['-e', SCRIPT, ...[process.pid, limitS, GRACE_S, words].map(String)],
      {
        ...{ env: CHILD_ENV, cwd: '/' },
        // a Ctrl-C is ours to handle
        detached: true,
        // the first tells it by its end that we have ended, in whatever way
        stdio: ['pipe', 'ignore', 'inherit', fd],
      },
    );
    child.on('error', fail);
    child.stdin!.on('error', () => undefined);
    child.unref();
    return () => {
      child.kill('SIGKILL');
      forget();
    };
  } catch (error) {
    fail(error as Error);
    return () => undefined;
  }
}

/**
 * What it has to say is written by a process of its own, since nobody may read stderr, or it may be a file on the file system
 * that hangs. What it kills is its parent: a number that has passed on to another process is not.
 */
const SCRIPT = `
$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);
$0 = 'autoscaler-watchdog';
my ($parent, $limit, $grace, $words) = @ARGV;
open my $page, '+<&=', 3 or die "$!\\n";

sub state {
  sysseek $page, 0, 0;
  sysread $page, my $line, ${PAGE.verdictAt};
  $line =~ s/\\n.*//s;
  return $line;
}

sub give_up {
  sysseek $page, ${PAGE.verdictAt}, 0;
  syswrite $page, "$_[0]\\n";
}

# 1, or 0 where the parent was stopped
sub second {
  vec(my $ended = '', 0, 1) = 1;
  exit if select($ended, undef, undef, 1) > 0;
  open my $stat, '<', "/proc/$parent/stat" or exit;
  return join('', <$stat>) =~ /.*\\) [Tt]/s ? 0 : 1;
}

my ($before, $seconds, $verdict) = (state(), 0);
for (;;) {
  my $counts = second();
  my $now = state();
  exit if $now =~ /^${STATE.ending}/;
  $seconds = $counts && $now eq $before && $now =~ /^${STATE.idle}/ ? $seconds + 1 : 0;
  $before = $now;
  next if $seconds < $limit;
  my ($what) = $now =~ / (.+)/;
  $verdict = ($what // 'the start') . " for $limit s: this run is aborted";
  give_up($verdict);
  # no change begins from then on
  last if state() eq $now;
  give_up('');
  $seconds = 0;
}
while ($grace > 0) {
  $grace -= second();
  exit if state() =~ /^${STATE.ending}/;
}
my $writer = fork;
if (defined $writer && !$writer) {
  syswrite STDERR, sprintf($words, $verdict);
  exit;
}
my $is_written = !$writer;
for (1 .. 20) {
  $is_written ||= waitpid($writer, 1);
  last if $is_written;
  select undef, undef, undef, 0.1;
}
kill 'KILL', $parent if getppid == $parent;
kill 'KILL', $writer if !$is_written;
`;
