/** What the manual page and `docs/commands.md` say of a command beyond its `--help`. Plain text, a paragraph each. */
export const COMMAND_DETAILS: Record<string, string[]> = {
  run: ['With --dry-run nothing is written anywhere, and the diff of each file is shown.'],
  metrics: ['A single metric prints a bare number, or nothing and exit code 1 if it is not known.'],
  status: [
    'One screen: timer, host, and for each project workers, metrics between their thresholds, the duration that is running, what holds a change back and how often it did so in the last day, the last change; pauses and pins with their end. It shows what was recorded last: nothing is measured. q leaves --watch.',
  ],
  explain: [
    'Each threshold and how long it has held, what each limit did, and what would follow, and when, if the measured values stay as they are.',
  ],
  history: [
    'Times are durations (30m, 24h, 7d) or dates (2026-11-24). It begins at the first sample.',
  ],
  report: ['For a desk or a phone. --force replaces a file that is not a report.'],
  scale: [
    'The change is made and verified as one of a run is. It works without a config too; limits of a project are exceeded only with --force.',
  ],
  rollback: [
    'It waits up to 3 minutes for a run that is under way, then stops and disables the timer. --changed exits with 1 if a change has not ended or cannot be read.',
  ],
  init: [
    'It finds the Gunicorn and Celery services of this host and writes a commented config for them, never over another one. It asks for brokers that it cannot find (and tries them), and which projects to enable. --yes asks nothing and writes the projects disabled, with --enable enabled. Passwords of brokers go into the file (mode 0640), never to the screen.',
    '--add adds the services that the config does not have, or the named ones, and leaves every other byte as it is; the config as it was is kept as config.json.bak.',
  ],
  check: [
    'Each finding has its evidence and what to do. Exit code 1 if there are errors; --strict counts warnings too. Disabled projects are checked as well. docs/troubleshooting.md says what is checked.',
  ],
  timer: [
    '--every (10 seconds to a day) writes a drop-in for the timer, sets check_interval_seconds if the config has it, and checks that systemd does so; if not, everything is put back.',
  ],
  simulate: [
    'Try thresholds on what was recorded before you trust them. Exit code 1 if a line, or a value of one, could not be read; the others were.',
  ],
  enable: [
    'Every other byte of the config stays as it is; the config as it was is kept beside it as config.json.bak.',
  ],
  disable: ['A project that is disabled is left alone entirely.'],
  pause: ['docs/deciding.md says what a pause and a pin hold back.'],
};
