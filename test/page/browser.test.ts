/// <reference lib="dom" />
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { findChromium, startBrowser } from '../support/browser.ts';
import { contrasts } from '../support/contrast.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { servePage, type ServedPage } from '../support/page.ts';
import { steeringOf } from '../support/steering.ts';

const chromium = findChromium();
/** Where there is no browser these count as skipped, and the closing lines of the tests say how to get one. */
const inBrowser = chromium === null ? describe.skip : describe;

let installation: TestInstallation;
let served: ServedPage;
let browser: Browser;
let page: Page;

inBrowser('the page in a browser', () => {
  beforeAll(async () => {
    installation = await startInstallation({
      world: simpleWorld({ notion: { People: 200, Tasks: 30 }, airtable: { Orders: 20 } }),
    });
    served = await servePage(installation);
    browser = await startBrowser(chromium ?? '');
  });
  beforeEach(async () => {
    await page?.close();
    page = await browser.newPage();
    await page.setViewport({ width: 1200, height: 900 });
    await page.goto(served.url);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await installation.close();
  });

  const text = () => page.$eval('main', (main) => (main as HTMLElement).innerText);
  const sees = (words: string) =>
    page.waitForFunction(
      (wanted) => document.querySelector('main')?.textContent.includes(wanted),
      {},
      words,
    );

  it('becomes live, shows the sources and runs nothing that was not written here', async () => {
    await page.waitForFunction(() => document.getElementById('live')?.textContent === 'live');
    expect(new URL(page.url()).search).toBe('');
    for (const alias of ['orders', 'people', 'tasks']) expect(await text()).toContain(alias);
    const errors: string[] = [];
    page.on('console', (message) => errors.push(message.text()));
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="document.title = 1">');
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
    });
    expect(await page.title()).toBe('appsync');
    expect(errors.join()).toContain('Content Security Policy');
  });

  it('syncs a source and shows its end without being loaded again', async () => {
    await Promise.all([
      page.waitForNavigation(),
      page.locator('[aria-label="Sync now tasks"]').click(),
    ]);
    expect(page.url()).toContain('/runs/');
    await sees('complete, started');
    expect(await text()).toContain('30 read, 30 new');
  });

  it('takes a press for a click also when the page changes before it ends', async () => {
    await page.goto(served.url);
    await page.waitForFunction(() => document.getElementById('live')?.textContent === 'live');
    await page.locator('[aria-label="Sync now tasks"]').hover();
    await page.mouse.down();
    const run = await installation.start({ kind: 'source', name: 'orders' });
    await run.finished();
    await page.evaluate(
      (id) =>
        new Promise<void>((resolve) => {
          const stream = new EventSource('/events?of=' + encodeURIComponent(location.pathname));
          stream.addEventListener('message', ({ data }) => {
            if (!String(data).includes(id)) return;
            stream.close();
            resolve();
          });
        }),
      run.runId,
    );
    await Promise.all([page.waitForNavigation(), page.mouse.up()]);
    expect(page.url()).toContain('/runs/');
    await sees('complete, started');
  });

  it('is used by the keyboard: a button that has the focus keeps it while the page changes', async () => {
    const steering = steeringOf(installation);
    steering.setLatency(150);
    const run = await installation.start({ kind: 'source', name: 'people' }, { batch_size: 20 });
    const pause = `/runs/${run.runId}/pause`;
    await page.waitForFunction((id) => document.getElementById(id) !== null, {}, pause);
    const focused = () => page.evaluate(() => document.activeElement?.id ?? '');
    for (let tabs = 0; tabs < 30 && (await focused()) !== pause; tabs += 1)
      await page.keyboard.press('Tab');
    expect(await focused()).toBe(pause);
    const before = await text();
    await page.waitForFunction(
      (was) => document.querySelector('main')?.textContent !== was,
      {},
      before,
    );
    expect(await focused()).toBe(pause);
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await sees('paused, started');
    await Promise.all([
      page.waitForNavigation(),
      page.locator(`[aria-label="Cancel run ${run.runId}"]`).click(),
    ]);
    steering.setLatency(0);
    await sees('cancelled, started');
  });

  it('is as wide as a narrow screen: only tables scroll', async () => {
    await page.setViewport({ width: 340, height: 700 });
    for (const path of ['/', '/sources/tasks']) {
      await page.goto(served.origin + path);
      const [content, screen] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      expect(content).toBe(screen);
    }
  });

  it('is read without JavaScript', async () => {
    await page.setJavaScriptEnabled(false);
    await page.goto(`${served.origin}/sources/tasks`);
    expect(await page.content()).toContain('notion.tasks');
    await page.goto(served.origin);
    await Promise.all([page.waitForNavigation(), page.click('[aria-label="Sync now orders"]')]);
    expect(page.url()).toContain('/runs/');
  });

  it('finds a source by its name, also without JavaScript', async () => {
    for (const scripted of [true, false]) {
      await page.setJavaScriptEnabled(scripted);
      await page.goto(served.origin);
      await page.type('#text', 'ord');
      await Promise.all([page.waitForNavigation(), page.click('#filter')]);
      expect(new URL(page.url()).search).toBe('?text=ord&state=');
      const [, sources = ''] = (await page.content()).split('<h2>Sources</h2>');
      const rows = sources.slice(0, sources.indexOf('</section>'));
      expect(rows).toContain('/sources/orders');
      expect(rows).not.toContain('/sources/tasks');
    }
  });

  it('keeps what is being typed while the page changes', async () => {
    await page.waitForFunction(() => document.getElementById('live')?.textContent === 'live');
    await page.type('#text', 'ord');
    const before = await text();
    const run = await installation.start({ kind: 'source', name: 'tasks' });
    await run.finished();
    await page.waitForFunction(
      (was) => document.querySelector('main')?.textContent !== was,
      {},
      before,
    );
    await sees(run.runId);
    await page.keyboard.type('ers');
    expect(await page.$eval('#text', (field) => (field as HTMLInputElement).value)).toBe('orders');
  });

  it.each(['light', 'dark'])('has text of enough contrast on a %s ground', async (scheme) => {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const found = await contrasts(page);
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });
});
