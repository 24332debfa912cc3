import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { listRuns, readRunSummary } from '../../src/store/runs.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { servePage, type ServedPage } from '../support/page.ts';
import { steeringOf } from '../support/steering.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;
let page: ServedPage;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { People: 300, Tasks: 30 }, airtable: { Orders: 20 } }),
  });
  page = await servePage(installation);
});
afterAll(async () => {
  await page.close();
  await installation.close();
});

const cookie = () => ({ cookie: `appsync_key=${page.key}` });
type Asked = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };
const ask = (path: string, init: Asked = {}) =>
  fetch(page.origin + path, {
    redirect: 'manual',
    ...init,
    headers: { ...cookie(), ...init.headers },
  });
const read = async (path: string) => (await ask(path)).text();
const send = (path: string, fields: Record<string, string> = { key: page.key }, headers = {}) =>
  ask(path, { method: 'POST', body: new URLSearchParams(fields), headers });
const latest = async () => (await listRuns(installation.database.pool, 1))[0];
const ended = (runId: string | undefined) =>
  until(async () => (await latest())?.run_id === runId && (await latest())?.finished_at !== null);

describe('the page', () => {
  it('opens with the link that was printed, and keeps its key in a cookie that scripts cannot read', async () => {
    const opened = await fetch(page.url, { redirect: 'manual' });
    expect(opened.status).toBe(303);
    expect(opened.headers.get('location')).toBe('/');
    expect(opened.headers.get('set-cookie')).toMatch(/^appsync_key=.*HttpOnly; SameSite=Strict/);
    expect((await ask('/')).headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it.each([
    ['without its key', () => fetch(page.origin), 'open the link'],
    [
      'with another key',
      () => ask('/', { headers: { cookie: 'appsync_key=guess' } }),
      'open the link',
    ],
    ['when a form has no key', () => send('/sources/tasks/sync', {}), 'load the page again'],
    [
      'when another site sends the form',
      () => send('/sources/tasks/sync', { key: page.key }, { origin: 'http://elsewhere.example' }),
      'another site',
    ],
  ])('refuses %s', async (_, request, why) => {
    const runs = (await listRuns(installation.database.pool, 10)).length;
    const answer = await request();
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain(why);
    expect(await listRuns(installation.database.pool, 10)).toHaveLength(runs);
  });

  it('answers under its own name only, so that a site whose name leads here reads nothing', async () => {
    const { request } = await import('node:http');
    const { port } = new URL(page.origin);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(
        {
          host: '127.0.0.1',
          port,
          path: '/',
          headers: { ...cookie(), host: `rebound.example:${port}` },
        },
        (answer) => resolve(answer.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('shows every source, and syncs one when its button is pressed', async () => {
    const before = await read('/');
    for (const alias of ['orders', 'people', 'tasks'])
      expect(before).toContain(`/sources/${alias}`);
    const answer = await send('/sources/tasks/sync');
    expect(answer.status).toBe(303);
    const run = await latest();
    expect(answer.headers.get('location')).toBe(`/runs/${run?.run_id ?? ''}`);
    await ended(run?.run_id);
    const summary = await readRunSummary(installation.database.pool, run?.run_id ?? '');
    expect(summary).toMatchObject({ status: 'complete', totals: { sources: 1, inserted: 30 } });
    const source = await read('/sources/tasks');
    expect(source).toContain('notion.tasks');
    expect(source).toContain(`http://127.0.0.1:9/namespaces/default/workflows/source%2Ftasks`);
  });

  it('pauses, resumes and cancels a run', async () => {
    const steering = steeringOf(installation);
    steering.setLatency(150);
    const run = await installation.start({ kind: 'source', name: 'people' }, { batch_size: 20 });
    await until(async () => (await steering.readOf(run, 'people')) > 0);
    expect(await read(`/runs/${run.runId}`)).toContain(`/runs/${run.runId}/pause`);
    await send(`/runs/${run.runId}/pause`);
    expect(await read('/')).toContain('paused');
    await send(`/runs/${run.runId}/resume`);
    expect(await read(`/runs/${run.runId}`)).toContain(`/runs/${run.runId}/pause`);
    await send(`/runs/${run.runId}/cancel`);
    steering.setLatency(0);
    expect(await run.finished()).toMatchObject({ status: 'cancelled' });
    const again = await send(`/runs/${run.runId}/pause`);
    expect(again.status).toBe(409);
    expect(await again.text()).toContain('has ended: cancelled');
  });

  it('says one cause once, with all its sources, and escapes what platforms say', async () => {
    installation.simulator.world.setRevoked(NOTION_TOKEN, true);
    await installation.sync();
    installation.simulator.world.setRevoked(NOTION_TOKEN, false);
    await installation.database.pool.query(
      `update appsync.source_run set error = '{"type":"Unauthorized","message":"<script>alert(1)</script>"}'
        where status = 'failed'`,
    );
    const text = await read('/');
    expect(text.match(/&lt;script&gt;alert/g)).toHaveLength(1);
    expect(text).not.toContain('<script>alert');
    expect((await ask('/runs/no-such-run')).status).toBe(404);
  });

  it('tells those who look when something has changed', async () => {
    const looking = new AbortController();
    const { body } = await ask('/events?of=%2F', { signal: looking.signal });
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let told = '';
    const hear = async (words: string) => {
      while (!told.includes(words))
        told += decoder.decode((await reader.read()).value, { stream: true });
    };
    await hear('Sources');
    const run = await installation.start({ kind: 'source', name: 'orders' });
    await run.finished();
    await hear(run.runId);
    looking.abort();
  });

  it('ends with Ctrl-C, also while somebody looks', async () => {
    const own = await servePage(installation);
    const looking = await fetch(`${own.origin}/events?of=%2F`, {
      headers: { cookie: `appsync_key=${own.key}` },
    });
    expect(looking.status).toBe(200);
    expect(await own.close()).toBe(0);
  });
});
