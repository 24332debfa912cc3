import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { listSources } from '../../src/catalog/listing.ts';
import { NO_LIMITS, simpleWorld } from '../../src/sim/simulator.ts';
import { stateGauges } from '../../src/observe/gauges.ts';
import { readObservedState } from '../../src/store/observed-state.ts';
import { readFailingSources } from '../../src/store/failing-sources.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { Tasks: 30, People: 20 }, airtable: { Orders: 20 } }),
  });
  await installation.catalog(({ sources }) => {
    for (const source of sources) if (source.alias !== 'people') source['every'] = '1h';
  });
});
afterAll(() => installation.close());
afterEach(async () => {
  installation.simulator.faults.clear();
  Object.assign(installation.simulator.knobs.airtable, NO_LIMITS.airtable, { monthlyCalls: 0 });
  await installation.database.pool.query('delete from appsync.rate_budget');
});

const sync = (alias: string) =>
  installation.sync({ kind: 'source', name: alias }, { incremental: false });

/** The platform forbids this source until the faults are cleared. */
function forbid(title: string): void {
  const { world, faults } = installation.simulator;
  const path = `/v1/data_sources/${world.source(title).externalId}/query`;
  faults.add({ path, times: 0, effect: { kind: 'named', name: 'notion restricted' } });
}

async function listed(alias: string) {
  const source = (await listSources(installation.database.pool)).find((one) => one.alias === alias);
  if (source === undefined) throw new Error(`no ${alias}`);
  return source;
}

/** From the last attempt's end to the next: both are of one moment. The jitter of `tasks` is 12 s, which rounding takes. */
async function pauseMinutes(alias: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ minutes: number }>(
    `select extract(epoch from s.next_due_at - max(r.finished_at))::float8 / 60 as minutes
       from appsync.source s join appsync.source_run r on r.source_id = s.id
      where s.alias = $1 group by s.id`,
    [alias],
  );
  return Math.round(rows[0]?.minutes ?? 0);
}

const failingGauge = async (account: string) =>
  stateGauges(await readObservedState(installation.database.pool))
    .find(({ name }) => name === 'appsync_failing_sources')
    ?.samples.find(({ labels }) => labels['account'] === account)?.value;

describe('a source that keeps failing', () => {
  it('is tried less and less often by itself, at once by a person, and is as before once it is whole', async () => {
    forbid('Tasks');
    const pauses = [];
    for (const failures of [1, 2, 3]) {
      await sync('tasks');
      expect(await listed('tasks')).toMatchObject({ failures, last_failure: 'Forbidden' });
      pauses.push(await pauseMinutes('tasks'));
    }
    expect(pauses).toEqual([60, 120, 240]);
    const [failing, ...others] = await readFailingSources(installation.database.pool);
    expect(others).toEqual([]);
    expect(failing).toMatchObject({ alias: 'tasks', failures: 3, last_failure: 'Forbidden' });
    expect(Date.parse(failing?.failing_since ?? '')).toBeLessThan(Date.now());
    expect(await failingGauge('notion')).toBe(1);
    expect(await failingGauge('airtable')).toBe(0);

    const due = await installation.sync({ kind: 'all' }, {}, { only_due: true });
    expect(due.sources.map(({ alias }) => alias)).toEqual(['orders', 'people']);

    installation.simulator.faults.clear();
    expect(await sync('tasks')).toMatchObject({ status: 'complete' });
    expect(await listed('tasks')).toMatchObject({
      failures: 0,
      failing_since: null,
      last_failure: null,
    });
    expect(await pauseMinutes('tasks')).toBe(60);
    expect(await failingGauge('notion')).toBe(0);
  });

  it('waits also without a schedule of its own', async () => {
    forbid('People');
    await sync('people');
    expect(await pauseMinutes('people')).toBe(5);
    installation.simulator.faults.clear();
    await sync('people');
    expect(await listed('people')).toMatchObject({ failures: 0, next_due_at: null });
  });

  it('forgets its failures when the catalog has it read from elsewhere', async () => {
    forbid('People');
    await sync('people');
    const { externalId } = installation.simulator.world.source('Tasks');
    await installation.catalog(({ sources }) => {
      const people = sources.find(({ alias }) => alias === 'people');
      const tasks = sources.findIndex(({ alias }) => alias === 'tasks');
      if (people !== undefined) people['ref'] = { data_source: externalId };
      sources.splice(tasks, 1);
    });
    expect(await listed('people')).toMatchObject({ failures: 0, next_due_at: null });
    await installation.catalog();
  });
});

describe('a source that is incomplete', () => {
  it('because its platform is blocked is due when the block ends, however often it was tried', async () => {
    await installation.catalog();
    installation.simulator.knobs.airtable.monthlyCalls = 1;
    // The one call that is left, and then none.
    await sync('orders');
    await sync('orders');
    const { sources } = await sync('orders');
    const until = sources[0]?.error?.blocked_until;
    expect(await listed('orders')).toMatchObject({
      last_status: 'incomplete',
      failures: 2,
      last_failure: 'Blocked',
      next_due_at: until,
    });
  });

  it('for records in quarantine, which a whole scan found, does not fail: it keeps its schedule', async () => {
    const { pool } = installation.database;
    await sync('people');
    await pool.query(
      `alter table notion.people add constraint none check (length(name) < 0) not valid`,
    );
    const { world } = installation.simulator;
    const [id = ''] = world.ids('People');
    world.editRecord('People', id, { Name: 'edited' });
    const { sources } = await sync('people');
    expect(sources[0]).toMatchObject({ status: 'incomplete', error: { type: 'Quarantined' } });
    expect(await listed('people')).toMatchObject({ failures: 0, next_due_at: null });
  });
});
