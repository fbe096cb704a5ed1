import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { autoscaler } from '../commands/built.ts';
import { makeFolder, recordHost } from '../commands/recorded-host.ts';

const QUIET = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Both would run a script, if they were taken for more than text. */
const PROJECTS = ['shop', '<script>document.title="x"</script>', '"><img src=x onerror=alert(1)>'];

let folder: string;
let file: string;
let browser: Browser;

before(async () => {
  folder = makeFolder();
  file = join(folder, 'report.html');
  const { config } = recordHost(folder, {
    ...{ projects: PROJECTS, cpu: [50, 70, 90, 85, 40, 20], workers: [2, 2, 2, 2, 2, 3] },
    change: { to: 3, result: 'applied' },
  });
  const { code, stderr } = autoscaler([
    ...['--config', config, 'report', '--since', '1h', '--output', file],
  ]);
  assert.equal(code, 0, stderr);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: QUIET });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** What the browser was asked for besides the page, and what it complained of. */
async function open(page: Page): Promise<{ requests: string[]; complaints: string[] }> {
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.goto(`file://${file}`);
  await page.waitForLoadState('networkidle');
  return { requests, complaints };
}

const LOOKS = [
  { name: 'a phone, dark', width: 360, height: 740, colorScheme: 'dark' },
  { name: 'a desk, light', width: 1280, height: 900, colorScheme: 'light' },
] as const;

describe('the report in a browser', () => {
  for (const { name, width, height, colorScheme } of LOOKS) {
    test(name, async () => {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const page = await context.newPage();
      const { requests, complaints } = await open(page);
      assert.deepEqual(complaints, []);
      assert.deepEqual(
        requests.filter((url) => !url.startsWith('data:')),
        [`file://${file}`],
      );

      const plots = await page.locator('figure').count();
      assert.equal(plots, 2 + 2 * PROJECTS.length);
      const sizes = await page.evaluate<[length: number, size: number][]>(
        `[...document.querySelectorAll('path.line')].map((path) => {
          const { width, height } = path.getBoundingClientRect();
          return [path.getTotalLength(), width + height];
        })`,
      );
      assert.equal(sizes.length, plots);
      for (const [length, size] of sizes) assert.ok(length > 10 && size > 10, String(sizes));
      assert.equal(await page.locator('line.flag').count(), 2 * PROJECTS.length);
      assert.equal(await page.locator('line.mark.up').count(), 2 * PROJECTS.length);

      assert.deepEqual(await page.locator('h2').allTextContents(), ['Host', ...PROJECTS]);
      assert.equal(await page.locator('script, body img').count(), 0);
      assert.match(await page.locator('td').nth(3).innerText(), /cpu 90 % > 60 % <for> 6 m 0 s/);

      const wider = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(wider <= width, `${wider} wide on a screen of ${width}`);
      const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      assert.equal(color === 'rgb(255, 255, 255)', colorScheme === 'light', color);
      await context.close();
    });
  }
});
