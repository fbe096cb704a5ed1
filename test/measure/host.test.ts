import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '../../src/model/types.ts';
import { readBootTime } from '../../src/host/clock.ts';
import { measureHost, type HostMeasure } from '../../src/measure/host.ts';

function toSample({ host, boot, uptimeS, spanS }: HostMeasure): Sample {
  const at = '2026-11-24T00:00:00.000Z';
  return { v: 1, kind: 'sample', at, boot, uptime_s: uptimeS, span_s: spanS, host, services: {} };
}

test('the boot clock is the kernel’s', () => {
  const { boot, uptimeS } = readBootTime();
  assert.ok(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').startsWith(boot));
  assert.match(boot, /^[0-9a-f]{8}$/);
  assert.ok(uptimeS > 0);
});

describe('the host', () => {
  test('the first of a boot covers no span and looks for itself', async () => {
    const { host, spanS } = await measureHost(null);
    assert.equal(spanS, null);
    assert.ok(host.cpu_percent !== null && Boolean(host.cpu_ticks));
    assert.equal(host.errors, undefined);
  });

  test('a sample of another boot is none', async () => {
    const previous = toSample(await measureHost(null));
    assert.equal((await measureHost({ ...previous, boot: 'another' })).spanS, null);
  });

  test('the second one covers what lies between, and waits for nothing', async () => {
    const previous = toSample(await measureHost(null));
    execFileSync('/usr/bin/python3', ['-c', 'while __import__("time").process_time() < 0.4: pass']);
    await sleep(200);
    const { host, spanS, uptimeS } = await measureHost(previous);
    assert.ok(spanS !== null && Math.abs(spanS - (uptimeS - previous.uptime_s)) < 0.02);
    assert.ok(spanS >= 0.6);
    assert.ok(host.cpu_percent !== null && host.cpu_percent > 5, String(host.cpu_percent));
    // what else the machine does may delay one of them, hardly all
    const took: number[] = [];
    for (let tries = 0; tries < 5; tries++) {
      const start = performance.now();
      await measureHost(previous);
      took.push(performance.now() - start);
    }
    assert.ok(Math.min(...took) < 300, took.join(', '));
  });

  test('without counters in the sample before, its average is not known', async () => {
    const previous = toSample(await measureHost(null));
    const { host, spanS } = await measureHost({
      ...previous,
      host: { ...previous.host, cpu_ticks: null },
    });
    assert.equal(host.cpu_percent, null);
    assert.match(host.errors?.['cpu_percent']?.text ?? '', /no CPU counters/);
    assert.ok(spanS !== null);
    assert.ok(Boolean(host.cpu_ticks), 'the next run has them again');
  });

  test('counters that went backwards give no average', async () => {
    const previous = toSample(await measureHost(null));
    const cpu_ticks = { total: 1e15, idle: 1e14, steal: 0 };
    const { host } = await measureHost({ ...previous, host: { ...previous.host, cpu_ticks } });
    assert.equal(host.cpu_percent, null);
    assert.match(host.errors?.['cpu_percent']?.text ?? '', /went backwards/);
  });

  test('memory is what the kernel calls available', async () => {
    const { host } = await measureHost(null);
    const kernelKb = Number(
      /^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1],
    );
    const off = Math.abs((host.memory_available_mb ?? 0) - kernelKb / 1024);
    assert.ok(off < 500, `${off} MB off`);
    assert.ok((host.memory_total_mb ?? 0) > (host.memory_available_mb ?? 0));
  });

  test('no process is started for it', () => {
    const script = `
      import { measureHost } from './src/measure/host.ts';
      import childProcess from 'node:child_process';
      import { syncBuiltinESMExports } from 'node:module';
      for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync'])
        childProcess[name] = () => { throw new Error('a process: ' + name); };
      syncBuiltinESMExports();
      const { host } = await measureHost(null);
      console.log(JSON.stringify(host.errors ?? null));`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(stdout.trim(), 'null', stderr);
  });
});
