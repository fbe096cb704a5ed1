import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CHILD_ENV } from '../../host/child-env.ts';

/** What came of it; `gone`: there is no such worker (any more), `why`: it could not be done. Nothing but workers that never served was ended. */
export type Withdrawn = 'withdrawn' | 'serves' | 'gone' | { why: string };

const PERL = '/usr/bin/perl';
const LIMIT_MS = 30_000;

/**
 * The numbers of ptrace(2), and of the calls that Python's time.sleep() makes: clock_nanosleep(2) from 3.11 on, before that
 * a select(2) or pselect6(2) of no descriptors.
 */
const CALLS: Partial<Record<NodeJS.Architecture, [ptrace: number, nap: number, selects: string]>> =
  {
    x64: [101, 230, '23,270'],
    arm64: [117, 115, '72'],
  };

/**
 * Lowers the number of a Gunicorn master by one so that a worker that never served is the one that goes. SIGTTOU alone
 * ends the oldest, which serves; and a worker that is killed is replaced. But the master (20 to 26) sleeps for up to 0.1 s
 * right after it has started a worker, and then deals with all signals that have come before it looks at the number
 * again. In this sleep the new worker is killed and SIGTTOU is sent: the master finds one worker less than before and one
 * less wanted, and ends nobody.
 *
 * So that neither comes late the master is held meanwhile, for about a millisecond, by ptrace(2), with which the kernel
 * lets it go on whatever becomes of us. Where it is not in this sleep (a look in a hundred is too late) nothing was
 * sent, and the next replacement is taken. A new worker that serves already is left alone.
 *
 * Node has no call for ptrace. Perl can make any, and perl-base is on every Debian.
 */
export function withdrawWorker(masterPid: number, workerPid: number): Promise<Withdrawn> {
  const calls = CALLS[process.arch];
  if (calls === undefined) return Promise.resolve({ why: `not supported on ${process.arch}` });
  if (!existsSync(PERL)) return Promise.resolve({ why: `there is no ${PERL} (perl-base)` });
  const args = ['-e', SCRIPT, ...calls, masterPid, workerPid].map(String);
  const options = { env: CHILD_ENV, cwd: '/', timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile(PERL, args, options, (error, stdout) => {
      const answer = stdout.trim();
      if (answer === 'withdrawn' || answer === 'serves') resolve(answer);
      else resolve({ why: answer === '' ? `perl: ${error?.message ?? 'no output'}` : answer });
    });
  });
}

/** Heartbeats are judged as in heartbeat.ts; those of older workers, which a fork has open too, do not count. */
const SCRIPT = `
use strict;
my ($ptrace, $nanosleep, $selects, $master, $victim) = @ARGV;
$_ += 0 for $ptrace, $master, $victim;
my %selects = map { $_ => 1 } split /,/, $selects;
my ($SEIZE, $INTERRUPT, $DETACH, $WALL) = (0x4206, 0x4207, 17, 0x40000000);
sub slurp { open my $file, '<', $_[0] or return ''; local $/; my $text = <$file>; return $text // '' }
sub end { print "$_[0]\\n"; exit }
sub wait_for {
  my ($seconds, $is) = @_;
  for (my $left = $seconds; $left > 0; $left -= 0.0005) { return 1 if $is->(); select undef, undef, undef, 0.0005 }
  return 0;
}
sub state_of { my $stat = slurp("/proc/$_[0]/stat"); return $stat eq '' ? 'X' : substr $stat, rindex($stat, ')') + 2, 1 }
sub children { split / /, slurp("/proc/$master/task/$master/children") }
sub beats {
  my %found;
  for my $fd (glob "/proc/$_[0]/fd/*") {
    next unless (readlink $fd // '') =~ m{/wgunicorn-[^/]* \\(deleted\\)$};
    my @stat = stat $fd or next;
    $found{"$stat[0] $stat[1]"} = ($stat[2] & 0777) <= 1 || $stat[9] < 1e9;
  }
  return %found;
}
sub sleeps {
  my ($number, $first) = split / /, slurp("/proc/$master/syscall");
  return $number eq $nanosleep || ($selects{$number} && hex($first) == 0);
}
sub hold {
  syscall($ptrace, $SEIZE, $master, 0, 0) == 0 && syscall($ptrace, $INTERRUPT, $master, 0, 0) == 0
    or end("its master cannot be stopped for the time it takes: $!");
  waitpid $master, $WALL;
}
sub release { syscall($ptrace, $DETACH, $master, 0, 0) }
# nobody is ended where this is not allowed
hold();
release();
for (1 .. 60) {
  my @before = children();
  my %old = map { $_ => 1 } @before, $victim;
  my %others = map { beats($_) } grep { $_ != $victim } @before;
  # its number may be somebody else's by now
  kill KILL => $victim if grep { $_ == $victim } @before;
  my $new;
  wait_for(10, sub { ($new) = grep { !$old{$_} } children(); defined $new }) or end('its master did not replace a worker that was ended');
  $new += 0;
  hold();
  my $answer = '';
  if (sleeps()) {
    kill STOP => $new;
    wait_for(0.2, sub { state_of($new) =~ /[TZX]/ });
    my %beats = beats($new);
    if (grep { $beats{$_} && !exists $others{$_} } keys %beats) {
      kill CONT => $new;
      $answer = 'serves';
    } else {
      kill KILL => $new;
      if (wait_for(0.5, sub { state_of($new) =~ /[ZX]/ })) { kill TTOU => $master; $answer = 'withdrawn' }
    }
  }
  release();
  end($answer) if $answer ne '';
  $victim = $new;
}
end('its master was never seen to pause after starting a worker');
`;
