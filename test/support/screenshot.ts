import { mkdir } from 'node:fs/promises';
import type { Page } from 'puppeteer-core';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { findChromium, startBrowser } from './browser.ts';
import { startInstallation, type TestInstallation } from './installation.ts';
import { servePage } from './page.ts';
import { startServers } from './servers.ts';
import { steeringOf } from './steering.ts';
import { until } from './until.ts';

const DIRECTORY = 'screenshots';

/** Takes the page twice, when nothing runs and while a run is at work, into `screenshots/`. */
async function takeScreenshots(chromium: string): Promise<void> {
  const { addresses, stop } = await startServers();
  process.env['APPSYNC_TEST_SERVERS'] = JSON.stringify(addresses);
  const installation = await startInstallation({
    world: simpleWorld({ notion: { People: 400, Tasks: 900 }, airtable: { Orders: 300 } }),
  });
  const served = await servePage(installation);
  const browser = await startBrowser(chromium);
  try {
    await mkdir(DIRECTORY, { recursive: true });
    const page = await browser.newPage();
    await page.setViewport({ width: 1200, height: 900 });
    await installation.sync();
    await page.goto(served.url);
    await take(page, 'idle');
    await inTheMiddle(installation, () => take(page, 'running'));
  } finally {
    await browser.close();
    await served.close();
    await installation.close();
    await stop();
  }
}

async function take(page: Page, state: string): Promise<void> {
  await page.reload();
  const path = `${DIRECTORY}/${state}.png` as const;
  await page.screenshot({ path, fullPage: true });
  process.stdout.write(`${path}\n`);
}

/** Does something while a slow run is halfway through its largest source. */
async function inTheMiddle(installation: TestInstallation, work: () => Promise<void>) {
  const steering = steeringOf(installation);
  steering.setLatency(150);
  const run = await installation.start({ kind: 'all' }, { incremental: false, batch_size: 50 });
  await until(async () => (await steering.readOf(run, 'tasks')) >= 300);
  await work();
  steering.setLatency(0);
  await run.finished();
}

const chromium = findChromium();
if (chromium === null) {
  process.stderr.write(
    'error: there is no browser here\nhint: apt-get install chromium, or set CHROMIUM_PATH\n',
  );
  process.exitCode = 1;
} else {
  await takeScreenshots(chromium);
}
