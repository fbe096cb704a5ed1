import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startLab, type Lab } from '../lab/lab.ts';
import { celeryUnit, gunicornUnit, installUnit } from '../lab/services.ts';
import { ALL_HOSTILE, CONTROLS } from '../output/hostile-text.ts';

/** Runs a command on a terminal of 100 columns, and ends it by Ctrl-C once it has shown what is waited for. */
const PTY = `
import fcntl, os, pty, struct, sys, termios
wait, argv = sys.argv[1].encode(), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0: os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
seen = b''
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    seen += data
    if wait and wait in seen: os.write(fd, b'\\x03'); wait = b''
sys.stdout.buffer.write(seen)
os.waitpid(pid, 0)
`;

/** One line: what a broker, a file or an old record may hold. */
const HOSTILE = ALL_HOSTILE.replaceAll(/[\r\n\0\ud800-\udfff]/g, '');

const SERVER = `
import { createServer } from 'node:net';
const text = ${JSON.stringify(`ERR ${HOSTILE}${'x'.repeat(2 ** 20)}`)};
createServer((socket) => {
  socket.on('error', () => undefined);
  const answer = '-' + text + '\\r\\n';
  socket.on('data', (data) => {
    const commands = data.toString('latin1').match(/^\\*\\d+\\r$/gm) ?? [];
    socket.write(answer.repeat(commands.length));
  });
}).listen(7001, '127.0.0.1');
`;

const BROKER = 'redis://127.0.0.1:7001/0';
const CONFIG = '/etc/autoscaler/config.json';

/** What our own colours, and those of the log, are made of. */
const COLOURS = /\x1b\[(?:0|1|2|22|3[1-7]|39|90)m/g;
/** The line that says what is waited for, overwritten each time. */
const STATUS = /\x1b\[(?:2K|G)/g;
/** The screen of `status --watch`. */
const SCREEN = /\x1b\[(?:\?1049[hl]|\?25[hl]|[HKJ])/g;

const COMMANDS: string[][] = [
  ['run', '--dry-run'],
  ['run'],
  ['run', '-v'],
  ['metrics', 'all'],
  ['metrics', 'celery_queue', 'tasks'],
  ['status'],
  ['explain', 'tasks'],
  ['explain', 'web'],
  ['history'],
  ['history', '--csv'],
  ['report', '--output', '-'],
  ['check'],
  ['scale', 'web', '3', '--dry-run'],
  ['scale', 'web', '3'],
  ['scale', 'none', '3'],
  ['simulate', '--samples', '/var/lib/autoscaler/history.jsonl'],
  ['rollback', '--list'],
  ['rollback', '--dry-run'],
  ['pause', 'web', '--for', '1h'],
  ['resume', 'web'],
  ['enable', 'web', '--dry-run'],
  ['disable', 'web', '--dry-run'],
  ['init', '--yes', '--output', '/root/new.json'],
  ['no\x1b[41;5mcommand'],
];

describe('a terminal on a host with a hostile broker, hostile files and hostile records', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await lab.writeFile('/opt/hostile/server.mjs', SERVER);
    await installUnit(
      lab,
      'hostile.service',
      `[Service]\nExecStart=${process.execPath} /opt/hostile/server.mjs\n`,
    );
    await lab.writeFile('/etc/default/web', `# ${HOSTILE}\nWEB_CONCURRENCY=2\n# \x1b[41;5m\n`);
    await installUnit(
      lab,
      'web.service',
      gunicornUnit({ count: '', lines: ['EnvironmentFile=/etc/default/web'] }).replace(
        /^Description=/m,
        `Description=${HOSTILE}`,
      ),
    );
    await lab.writeFile('/etc/systemd/system/tasks.service', celeryUnit({ broker: BROKER }));
    const cpu = { max_workers: 4, cpu_thresholds: { scale_up_4: 99.9, scale_down_1: 0.01 } };
    const config = {
      projects: {
        web: cpu,
        tasks: { max_workers: 4, queue_thresholds: { scale_up_4: 9 }, broker_url: BROKER },
      },
      global: { log_file: '/var/log/autoscaler.log' },
    };
    await lab.writeFile(CONFIG, `// ${HOSTILE}\n${JSON.stringify(config)}\n`, { mode: 0o640 });
    await lab.autoscaler(['run']);
    const history = (await lab.readFile('/var/lib/autoscaler/history.jsonl')).trimEnd();
    const { at, boot, uptime_s } = JSON.parse(history.split('\n')[0]!) as Record<string, unknown>;
    const action = {
      ...{ v: 1, kind: 'action', at, boot, uptime_s, service: 'web.service' },
      ...{ action: 'scale_up', from: 1, to: 2, result: 'undone', reason: `${HOSTILE}\nx` },
    };
    const lines = `${JSON.stringify(action)}\n${history}\n`;
    await lab.writeFile('/var/lib/autoscaler/history.jsonl', lines, { mode: 0o640 });
  });
  after(() => lab.stop());

  const onTerminal = async (args: readonly string[], wait = ''): Promise<string> => {
    await lab.ok('rm -f /root/new.json');
    const argv = ['/usr/bin/python3', '-c', PTY, wait, ...lab.autoscalerArgv, ...args];
    const { stdout } = await lab.exec(argv, { env: { TERM: 'xterm' } });
    return stdout.replaceAll(/\r+\n/g, '\n');
  };

  for (const args of COMMANDS) {
    const name = JSON.stringify(args.join(' '));
    test(`${name}: our own colours alone; none with --no-color, and none in a pipe`, async () => {
      const shown = await onTerminal(args);
      assert.notEqual(shown, '');
      assert.doesNotMatch(shown.replaceAll(COLOURS, '').replaceAll(STATUS, ''), CONTROLS);
      assert.doesNotMatch(shown, /\x1b\[41/);
      const plain = await onTerminal(['--no-color', ...args]);
      assert.doesNotMatch(plain, CONTROLS);
      await lab.ok('rm -f /root/new.json');
      const { stdout, stderr } = await lab.autoscaler(args);
      assert.doesNotMatch(stdout.replaceAll('\r\n', '\n') + stderr, CONTROLS);
      assert.ok(shown.length < 100_000, `${shown.length} characters`);
    });
  }

  test('what is waited for is shown, with how long, and removed at the end', async () => {
    await lab.ok('systemctl stop autoscaler-slow 2> /dev/null; touch /run/slow');
    const slow =
      '[Service]\nExecStartPre=/bin/sh -c "test ! -e /run/slow || sleep 4; rm -f /run/slow"\n';
    await lab.writeFile('/etc/systemd/system/web.service.d/slow.conf', slow);
    await lab.ok('systemctl daemon-reload');
    const shown = await onTerminal(['scale', 'web', '2']);
    assert.match(shown, /\x1b\[2K\x1b\[Gweb\.service: [^\x1b]+: [23] s/);
    assert.match(shown, /\d s[^\x1b]*\x1b\[2K\x1b\[G[^\x1b]*verified/);
    await lab.ok('touch /run/slow');
    const plain = await onTerminal(['--no-color', 'scale', 'web', '1']);
    assert.doesNotMatch(plain, CONTROLS);
    assert.match(await onTerminal(['check']), /checking web \(1 of 2\)/);
    await lab.ok('rm -r /etc/systemd/system/web.service.d; systemctl daemon-reload');
  });

  test('what a file holds is seen, not hidden', async () => {
    const { stdout } = await lab.autoscaler(['scale', 'web', '4', '--dry-run']);
    assert.match(stdout, /^ # \\u001b\[41;5m$/m);
  });

  test('"status --watch": the screen is moved by us alone', async () => {
    const shown = await onTerminal(['status', '--watch', '1'], 'tasks');
    assert.match(shown, /\x1b\[\?1049h/);
    assert.doesNotMatch(shown.replaceAll(COLOURS, '').replaceAll(SCREEN, ''), CONTROLS);
  });

  test('JSON documents hold what there is, and no control character', async () => {
    for (const args of [['history'], ['status'], ['check'], ['metrics', 'all'], ['run']]) {
      const { stdout } = await lab.autoscaler([...args, '--json']);
      assert.doesNotMatch(stdout, CONTROLS);
      const document = JSON.parse(stdout) as { changes?: { reason: string }[] };
      if (args[0] === 'history') assert.equal(document.changes?.[0]?.reason, `${HOSTILE}\nx`);
    }
  });

  test('neither the log file nor the journal has any', async () => {
    await lab.ok(
      `systemd-run --quiet --wait --unit=hostile-run -- ${lab.autoscalerArgv.join(' ')} run || true`,
    );
    const journal = await lab.ok('journalctl -u hostile-run -o cat --no-pager');
    assert.match(journal, /^tasks: /m);
    assert.doesNotMatch(journal, CONTROLS);
    assert.doesNotMatch(await lab.readFile('/var/log/autoscaler.log'), CONTROLS);
  });
});
