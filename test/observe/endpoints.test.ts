import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { cancelRun } from '../../src/client/run-control.ts';
import { sourceWorkflowId } from '../../src/contract/names.ts';
import { NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { METRIC_NAMES } from '../../src/contract/metrics.ts';
import { readRunProgress } from '../../src/store/run-progress.ts';
import { openDatabase } from '../../src/store/database.ts';
import { testServers } from '../support/addresses.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { probe, startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const BLOCKED = 'appsync_budget_blocked_until_timestamp_seconds';
const PLANTED = 'sentinel-91c2-planted-in-a-record';
let installation: TestInstallation;
let worker: WorkerProcess;
let url: string;

beforeAll(async () => {
  installation = await startInstallation({
    worker: 'spawned',
    world: {
      notion: {
        databases: [
          { title: 'Tasks', sources: [{ title: 'Tasks', records: 230, properties: 'few' }] },
        ],
      },
      airtable: { bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 30 }] }] },
    },
  });
  worker = startWorkerProcess(installation);
  url = await worker.healthUrl();
});
afterAll(async () => {
  await installation.close();
  await worker.ended;
});

/** Samples by name and labels, as a scraper reads them; throws on a line that is none. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)(?: \d+)?$/.exec(line);
    if (match === null) throw new Error(`not a sample: ${line}`);
    samples.set(match[1] ?? '', Number(match[2]));
  }
  return samples;
}

/** Until when the activities of a source wait, as the details say that they sent last. */
async function waitsOf(alias: string): Promise<(string | null)[]> {
  const { raw } = await installation.temporal.client.workflow
    .getHandle(sourceWorkflowId(installation.id, alias))
    .describe();
  return (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) =>
    (heartbeatDetails?.payloads ?? []).map(
      (payload) =>
        defaultPayloadConverter.fromPayload<{ waiting_until: string | null }>(payload)
          .waiting_until,
    ),
  );
}

const scrape = async () => parse((await probe(`${url}/metrics`)).text);

describe('the endpoints of a worker', () => {
  it('say that it lives, and that it is ready once it polls', async () => {
    await until(async () => (await probe(`${url}/readyz`)).status === 200);
    expect(JSON.parse((await probe(`${url}/healthz`)).text)).toEqual({
      status: 'ok',
      phase: 'running',
      reasons: [],
    });
  });

  it('count what was synced: records, requests, durations, outcomes, the budget and the SDK’s own', async () => {
    const { world } = installation.simulator;
    const [id = ''] = world.ids('Tasks');
    world.editRecord('Tasks', id, { Name: PLANTED });
    installation.simulator.faults.add({
      platform: 'notion',
      path: '/query',
      effect: { kind: 'named', name: 'notion rate limited', retryAfter: 1 },
    });
    await installation.sync();
    const { text } = await probe(`${url}/metrics`);
    const samples = parse(text);
    const notion = 'platform="notion",account="notion",mode="full"';
    expect(samples.get(`appsync_records_read_total{${notion}}`)).toBe(230);
    expect(samples.get(`appsync_records_inserted_total{${notion}}`)).toBe(230);
    expect(samples.get(`appsync_requests_rate_limited_total{${notion}}`)).toBe(1);
    expect(samples.get(`appsync_waited_seconds_total{${notion}}`)).toBeGreaterThan(0.9);
    expect(samples.get(`appsync_batches_total{${notion}}`)).toBe(3);
    // The first of the three batches is read by the activity that opens the source.
    const fetched = 'activity="fetchBatch",platform="notion",status="done"';
    expect(samples.get(`appsync_activity_duration_seconds_count{${fetched}}`)).toBe(2);
    expect(samples.get(`appsync_activity_duration_seconds_bucket{${fetched},le="+Inf"}`)).toBe(2);
    const ended = 'platform="notion",account="notion",status="complete",mode="full"';
    expect(samples.get(`appsync_source_runs_total{${ended}}`)).toBe(1);
    expect(samples.get('appsync_running_sources{platform="notion",account="notion"}')).toBe(0);
    expect(samples.get('appsync_database_up')).toBe(1);
    expect(samples.get('appsync_sdk_metrics_up')).toBe(1);
    const names = [...samples.keys()];
    const blocked = names.find((name) =>
      name.startsWith(`${BLOCKED}{account="notion",key="notion:`),
    );
    expect(samples.get(blocked ?? '')).toBeGreaterThan(Date.now() / 1000 - 300);
    expect(names.some((name) => name.startsWith('appsync_budget_left{account="airtable"'))).toBe(
      true,
    );
    expect(names.some((name) => name.startsWith('temporal_worker_task_slots_available'))).toBe(
      true,
    );
    expect(text).not.toContain(PLANTED);
    expect(text).not.toContain(NOTION_TOKEN);
  });

  it('count a source that was closed as it was opened like any other', async () => {
    await installation.sync();
    const samples = parse((await probe(`${url}/metrics`)).text);
    const airtable = 'platform="airtable",account="airtable"';
    const ended = `${airtable},status="complete",mode="incremental"`;
    expect(samples.get(`appsync_source_runs_total{${ended}}`)).toBe(1);
    expect(samples.get(`appsync_batches_total{${airtable},mode="incremental"}`)).toBe(1);
    expect(samples.get(`appsync_requests_total{${airtable},mode="incremental"}`)).toBe(2);
    const closed = 'activity="closeSource",platform="airtable",status="done"';
    expect(samples.get(`appsync_activity_duration_seconds_count{${closed}}`)).toBe(1);
  });

  it('have every metric that a sync counts, without another line of code', async () => {
    const { createSyncCounters } = await import('../../src/observe/sync-counters.ts');
    const counters = createSyncCounters();
    const metrics = Object.fromEntries(METRIC_NAMES.map((name) => [name, 1])) as never;
    const labels = { platform: 'p', account: 'a', mode: 'full' };
    counters.attemptEnded({
      ...labels,
      activity: 'x',
      seconds: 1,
      metrics,
      outcome: 'done',
      failures: [],
    });
    const counted = counters.families().filter(({ name, samples }) => {
      return samples.length > 0 && name.endsWith('_total');
    });
    expect(counted).toHaveLength(METRIC_NAMES.length);
    expect(new Set(counted.map(({ name }) => name)).size).toBe(METRIC_NAMES.length);
  });

  it('count a failure by its type and nothing that a failed attempt did not finish', async () => {
    const before = await scrape();
    installation.simulator.faults.add({
      platform: 'airtable',
      times: 0,
      effect: { kind: 'named', name: 'airtable unauthenticated' },
    });
    await installation.sync({ kind: 'source', name: 'orders' });
    installation.simulator.faults.clear();
    const after = await scrape();
    const failed =
      'appsync_failures_total{platform="airtable",account="airtable",type="Unauthorized"}';
    expect(after.get(failed)).toBe(1);
    const read = 'appsync_records_read_total{platform="airtable",account="airtable",mode="full"}';
    expect(after.get(read)).toBe(before.get(read));
  });

  it('count a first batch that failed as its source was opened: nobody may read on with this token', async () => {
    const failed =
      'appsync_failures_total{platform="airtable",account="airtable",type="Forbidden"}';
    expect((await scrape()).get(failed)).toBeUndefined();
    installation.simulator.faults.add({
      platform: 'airtable',
      path: '/v0/app',
      times: 0,
      effect: { kind: 'named', name: 'airtable forbidden' },
    });
    const { status } = await installation.sync({ kind: 'source', name: 'orders' });
    installation.simulator.faults.clear();
    expect(status).toBe('failed');
    expect((await scrape()).get(failed)).toBe(1);
  });

  it('show a request that waits for the budget, as progress and the details of its activity do', async () => {
    const target = { kind: 'source', name: 'tasks' } as const;
    const run = await installation.start(target, { rate_limit: 0.05, incremental: false });
    const waits = async () => {
      const { sources } = await readRunProgress(installation.database.pool, run.runId);
      const inMetrics = [...(await scrape())].some(
        ([name, value]) => name.startsWith('appsync_budget_waiting{account="notion"') && value > 0,
      );
      return (
        inMetrics &&
        sources.some(({ waiting_until }) => Date.parse(waiting_until ?? '') > Date.now()) &&
        (await waitsOf('tasks')).some((until) => Date.parse(until ?? '') > Date.now())
      );
    };
    await until(waits);
    await cancelRun(installation.temporal, run.workflowId);
    expect((await run.finished()).status).toBe('cancelled');
    await installation.database.pool.query('delete from appsync.rate_budget');
  });

  it('answer nothing else, and only to GET and HEAD', async () => {
    expect((await probe(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it('say why a worker is not ready when Postgres does not let it in', async () => {
    const name = new URL(installation.database.url).pathname.slice(1);
    const admin = openDatabase(testServers().postgres, 1);
    await admin.query(`alter database ${name} with allow_connections false`);
    try {
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [name],
      );
      await until(async () => (await probe(`${url}/readyz`)).status === 503);
      expect((await probe(`${url}/readyz`)).text).toContain('Postgres: ');
      expect((await probe(`${url}/healthz`)).status).toBe(200);
      expect((await scrape()).get('appsync_database_up')).toBe(0);
    } finally {
      await admin.query(`alter database ${name} with allow_connections true`);
      await admin.end();
    }
    await until(async () => (await probe(`${url}/readyz`)).status === 200);
  });
});

describe('an address that cannot be listened on', () => {
  it('ends the worker with exit code 4 and a hint before it takes a task', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const refused = startWorkerProcess(installation, {
      APPSYNC_HEALTH_ADDRESS: `127.0.0.1:${port}`,
    });
    const { code } = await refused.ended;
    squatter.close();
    expect(code).toBe(4);
    expect(refused.log()).toContain(`APPSYNC_HEALTH_ADDRESS 127.0.0.1:${port}`);
    expect(refused.log()).toContain('"hint":"choose another port');
    expect(refused.log()).not.toContain('worker polls');
  });

  it('is refused when it is not host:port', async () => {
    const refused = startWorkerProcess(installation, { APPSYNC_HEALTH_ADDRESS: '9464' });
    expect((await refused.ended).code).toBe(4);
    expect(refused.log()).toContain('APPSYNC_HEALTH_ADDRESS must be host:port');
  });
});
