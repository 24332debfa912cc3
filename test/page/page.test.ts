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

  describe('with very many sources', () => {
    const rowsOf = (text: string) =>
      [...text.matchAll(/<a href="\/sources\/(bulk-\d+)"/g)].map(([, alias]) => alias);
    const pool = () => installation.database.pool;

    beforeAll(() =>
      pool().query(
        `insert into appsync.application (slug, name) values ('ledger', 'Ledger');
         insert into appsync.source (alias, account_id, ref, external_id, application_id, table_schema, table_name,
                                     enabled, last_status)
         select 'bulk-' || lpad(n::text, 4, '0'), (select min(id) from appsync.account),
                jsonb_build_object('data_source', n), 'bulk' || n,
                case when n <= 60 then (select id from appsync.application where slug = 'ledger') end, 'bulk',
                'bulk_' || n, n <> 7, case when n = 9 then 'failed' else 'complete' end
           from generate_series(1, 120) n;
         insert into appsync.run (id, workflow_id, target, filters, options, status, started_at, finished_at)
         values ('20200101-000000-bulk', 'w', 'all', '{}', '{}', 'partial', '2020-01-01', '2020-01-01');
         insert into appsync.source_run (run_id, source_id, workflow_id, status, mode, started_at, error)
         select '20200101-000000-bulk', id, 'w', case alias when 'bulk-0009' then 'failed' else 'complete' end,
                'full', '2020-01-01',
                case alias when 'bulk-0009' then '{"type": "Unavailable", "message": "no answer"}'::jsonb end
           from appsync.source where table_schema = 'bulk'`,
      ),
    );
    afterAll(() => pool().query(`delete from appsync.source where table_schema = 'bulk'`));

    it('shows a part of them and the way to the next', async () => {
      const first = await read('/');
      expect(rowsOf(first.slice(first.indexOf('<h2>Sources'))).length).toBeLessThanOrEqual(50);
      expect(first).toMatch(/1 to 50 of\s+123/);
      expect(first).toContain('<a href="/?page=2"');
      const last = await read('/?page=3');
      expect(last).toMatch(/101 to 123 of\s+123/);
      expect(await read('/?page=99')).toMatch(/101 to 123 of\s+123/);
    });

    it('shows those that a name or a state is asked for', async () => {
      expect(rowsOf(await read('/?text=BULK-001'))).toEqual([
        'bulk-0009',
        ...Array.from({ length: 10 }, (_, n) => `bulk-001${n}`),
      ]);
      const ledger = await read('/?text=ledger');
      expect(ledger).toMatch(/1 to 50 of\s+60/);
      expect(ledger).toContain('<a href="/?text=ledger&amp;page=2"');
      expect(ledger).toContain('value="ledger"');
      const disabled = await read('/?state=disabled');
      expect(rowsOf(disabled)).toEqual(['bulk-0009', 'bulk-0007']);
      expect(disabled).toMatch(/<option value="disabled" selected/);
      const failing = await read('/?state=failing&text=bulk');
      expect(rowsOf(failing)).toEqual(['bulk-0009', 'bulk-0009']);
      expect(await read('/?text=nobody')).toContain('None of 123 matches.');
    });

    it('takes no harm from a query that makes no sense', async () => {
      const answer = await ask(
        `/?state=${encodeURIComponent('"><script>')}&page=-1&text=${encodeURIComponent('"><script>x')}`,
      );
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).toContain('value="&quot;&gt;&lt;script&gt;x"');
      expect(text).not.toContain('"><script>x');
    });

    it('shows a run of theirs in parts, what is not complete first, and each cause once', async () => {
      const text = await read('/runs/20200101-000000-bulk');
      expect(rowsOf(text).slice(0, 3)).toEqual(['bulk-0009', 'bulk-0009', 'bulk-0001']);
      expect(rowsOf(text)).toHaveLength(51);
      expect(text).toContain('<a href="/runs/20200101-000000-bulk?page=2"');
    });

    it('tells news of the part that is looked at', async () => {
      const looking = new AbortController();
      const { body } = await ask(`/events?of=${encodeURIComponent('/?text=bulk-0042')}`, {
        signal: looking.signal,
      });
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      let told = '';
      while (!told.includes('\n\n'))
        told += decoder.decode((await reader.read()).value, { stream: true });
      looking.abort();
      expect(told).toContain('bulk-0042');
      expect(told).not.toContain('bulk-0041');
    });
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
