import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '../../src/sim/simulator.ts';
import { runAppsync } from '../support/cli-process.ts';
import { historiesOf } from '../support/histories.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { probe, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const NOTION = 'ntn_planted_q7+Zx/9kVb=~tR2mLw8';
const AIRTABLE = 'patPlanted5tYu.8c1f00d5eedb0a7e55';
/** As they are, cut short, and as headers and URLs may write them. */
const TRACES = [NOTION, AIRTABLE].flatMap((token) => [
  token.slice(0, 14),
  encodeURIComponent(token).slice(0, 20),
  Buffer.from(token).toString('base64').slice(0, 20),
]);

let installation: TestInstallation;
let worker: WorkerProcess;
let directory: string;
/** Everything that people or programs may get to see, by where it was seen. */
const seen: Record<string, string> = {};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'appsync-tokens-'));
  const path = join(directory, 'token');
  await writeFile(path, `${NOTION}\n`, { mode: 0o600 });
  installation = await startInstallation({
    worker: 'spawned',
    world: {
      notion: {
        tokens: [{ token: NOTION }],
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 120, properties: 'few' }] },
        ],
      },
      airtable: {
        tokens: [{ token: AIRTABLE }],
        bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 30, fields: 'few' }] }],
      },
    },
  });
  await installation.catalog(({ accounts }) => {
    for (const account of accounts) {
      account['token'] = account['platform'] === 'notion' ? `file:${path}` : 'env:PLANTED';
    }
  });
  worker = startWorkerProcess(installation, { PLANTED: AIRTABLE, APPSYNC_LOG_LEVEL: 'trace' });
  await worker.healthUrl();
});
afterAll(async () => {
  await installation.close();
  await rm(directory, { recursive: true });
});

const answer = (status: number, body: unknown, headers = {}): FaultEffect => ({
  kind: 'answer',
  status,
  body,
  headers,
});

/** What a platform, or something between it and us, may send back that quotes the request. */
function echoes(token: string): FaultEffect[] {
  const quote = `Authorization: Bearer ${token}`;
  const url = `http://127.0.0.1:1/login?token=${encodeURIComponent(token)}&access=${token}`;
  const html = `<html><body><h1>Error</h1><pre>${quote}</pre><a href="${url}">log in</a></body></html>`;
  const notion = (status: number, code: string, message: string, additional_data = {}) =>
    answer(status, { object: 'error', status, code, message, additional_data });
  const airtable = (status: number, type: string, message: string) =>
    answer(status, { error: { type, message } });
  // Short of the place where messages are cut, so that only a part of the token is left.
  const long = `${'x'.repeat(280)} ${quote}`;
  return [
    notion(400, 'validation_error', `The header is wrong: ${quote}`),
    notion(400, 'validation_error', long),
    notion(400, 'missing_version', quote),
    notion(401, 'unauthorized', `API token ${token} is invalid.`),
    notion(403, 'restricted_resource', quote),
    notion(404, 'object_not_found', quote),
    notion(503, token, quote),
    notion(429, 'rate_limited', quote, { rate_limit_reason: token, retry_after: 1 }),
    airtable(422, 'INVALID_REQUEST', `The header is wrong: ${quote}`),
    airtable(422, token, long),
    airtable(401, 'AUTHENTICATION_REQUIRED', quote),
    airtable(500, token, quote),
    airtable(404, token, quote),
    answer(502, html, { 'content-type': 'text/html' }),
    answer(400, html, { 'content-type': 'text/html' }),
    answer(200, html, { 'content-type': 'text/html' }),
    answer(200, `{"object": "list", "results": [{"${quote}`, {
      'content-type': 'application/json',
    }),
    answer(200, { [token]: quote, object: 'list', results: quote }),
    answer(301, '', { location: url }),
    answer(307, html, { location: url }),
  ];
}

describe('a token that platforms quote in every answer that went wrong', () => {
  it('stays in no message: whole syncs with every such answer, in any place', async () => {
    const { faults } = installation.simulator;
    const statuses = new Set<string>();
    for (const [i, effect] of echoes(NOTION).entries()) {
      // In the schema's place, or in that of a page of records.
      const path = i % 2 === 0 ? '/query' : '/v1/data_sources';
      faults.add({ platform: 'notion', path, effect });
      faults.add({ platform: 'airtable', nth: 1 + (i % 2), effect: echoes(AIRTABLE)[i] as never });
      const summary = await installation.sync({ kind: 'all' }, { incremental: false });
      faults.clear();
      for (const { status } of summary.sources) statuses.add(status);
    }
    expect(statuses).toEqual(new Set(['complete', 'failed']));
  });

  it('stays out of what commands print, also with APPSYNC_DEBUG=1', async () => {
    const { faults } = installation.simulator;
    const env = {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NOTION_TOKEN: NOTION,
      AIRTABLE_TOKEN: AIRTABLE,
      NOTION_BASE_URL: installation.simulator.notionUrl,
      AIRTABLE_ENDPOINT_URL: installation.simulator.airtableUrl,
      APPSYNC_DEBUG: '1',
    };
    let printed = '';
    for (const [i, status] of [400, 401, 502].entries()) {
      for (const token of [NOTION, AIRTABLE]) {
        const message = `Authorization: Bearer ${token}`;
        const body = { object: 'error', code: 'validation_error', message, error: { message } };
        faults.add({ times: 0, effect: answer(status, body) });
        const commands = [
          ['init', '--yes', '--platform', token === NOTION ? 'notion' : 'airtable'],
        ];
        if (i === 0) commands.push(['init', '--yes', '--json']);
        for (const command of commands) {
          const { code, stdout, stderr } = await runAppsync(command, directory, env);
          expect(code).not.toBe(0);
          printed += stdout + stderr;
        }
        faults.clear();
      }
    }
    for (const command of [
      ['runs', 'list'],
      ['runs', 'list', '--json'],
      ['sources', 'list', '--json'],
    ]) {
      const { stdout, stderr } = await runAppsync(command, directory, env);
      printed += stdout + stderr;
    }
    expect(printed).toContain('error: ');
    seen['commands'] = printed;
  });

  it('is nowhere: logs at level trace, histories, all of Postgres, screens, metrics', async () => {
    const { database, temporal, id } = installation;
    seen['log'] = worker.log();
    seen['metrics'] = (await probe(`${await worker.healthUrl()}/metrics`)).text;
    const query = `AppsyncTarget = 'all' OR AppsyncPlatform = 'notion' OR AppsyncPlatform = 'airtable'`;
    const histories = await historiesOf(temporal.client, query);
    const ours = histories.filter(({ workflowId }) => workflowId.includes(id));
    expect(ours.length).toBeGreaterThan(40);
    seen['histories'] = ours
      .map(({ text, searchAttributes }) => text + searchAttributes)
      .join('\n');
    const { rows: tables } = await database.pool.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
        where table_schema in ('appsync', 'notion', 'airtable')`,
    );
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const { rows } = await database.pool.query<{ row: string }>(
        `select t::text as row from ${name} t`,
      );
      seen[name] = rows.map(({ row }) => row).join('\n');
    }
    const found = Object.entries(seen).flatMap(([where, text]) =>
      TRACES.filter((trace) => text.includes(trace)).map((trace) => `${where}: ${trace}`),
    );
    expect(found).toEqual([]);
    // What was quoted did get as far as that, without the token.
    expect(seen['histories']).toContain('[secret]');
    expect(seen['appsync.source_run']).toContain('[secret]');
  });
});
