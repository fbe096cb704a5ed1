import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatDuration } from '../../../src/model/wording.ts';
import { isTimerDropIn, renderTimerDropIn } from '../../../src/targets/systemd/timer-drop-in.ts';
import { SHIPPED_INTERVAL_S } from '../../../src/targets/systemd/timer-interval.ts';
import { readTimerInterval } from '../../../src/targets/systemd/timespan.ts';

const SHIPPED = readFileSync(new URL('../../../systemd/autoscaler.timer', import.meta.url), 'utf8');
const tell = (seconds: number): string => formatDuration(seconds * 1000);

test('what is known without asking systemd is what is shipped', () => {
  const span = /^OnUnitActiveSec=(.*)$/m.exec(SHIPPED)?.[1];
  assert.equal(readTimerInterval(`OnUnitActiveUSec=${span};`), SHIPPED_INTERVAL_S);
});

test('the drop-in gives again what its empty assignment takes back', () => {
  const dropIn = renderTimerDropIn(30, tell(30));
  for (const line of SHIPPED.match(/^On\w+=/gm) ?? []) {
    assert.match(dropIn, new RegExp(`^${line}.+$`, 'm'));
  }
  assert.equal(/^OnBootSec=.*$/m.exec(dropIn)?.[0], /^OnBootSec=.*$/m.exec(SHIPPED)?.[0]);
});

test('a drop-in of ours is known whatever its interval, one that was edited is not', () => {
  const dropIn = renderTimerDropIn(90, tell(90));
  assert.ok(isTimerDropIn(dropIn, tell));
  assert.ok(!isTimerDropIn(`${dropIn}# mine\n`, tell));
  assert.ok(!isTimerDropIn('', tell));
});
