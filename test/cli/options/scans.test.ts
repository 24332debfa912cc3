import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startInstallation, type TestInstallation } from '../../support/installation.ts';
import { commandLines } from './command-lines.ts';

const ROWS = 250;
let installation: TestInstallation;
let sync: ReturnType<typeof commandLines>['sync'];
let run: ReturnType<typeof commandLines>['run'];

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: ['Tasks', 'Disabled'].map((title) => ({
          title,
          sources: [{ title, records: ROWS, properties: 'few' as const }],
        })),
      },
    },
  });
  await installation.catalog(({ sources }) => {
    for (const source of sources) source['enabled'] = source.alias !== 'disabled';
  });
  ({ run, sync } = commandLines(installation));
});
afterAll(() => installation.close());

function requestsTo(title: string): number {
  const { log, world } = installation.simulator;
  return log.count({ path: world.source(title).externalId });
}

/** In how many transactions the rows of the table came to be as they are. */
async function transactions(table: string): Promise<number> {
  const { rows } = await installation.database.pool.query<{ transactions: number }>(
    `select count(distinct xmin::text)::integer as transactions from ${table}`,
  );
  return rows[0]?.transactions ?? 0;
}

describe('--only-enabled', () => {
  it('asks nothing about a source that is disabled, which is synced without it', async () => {
    const enabled = await sync('sync-all --only-enabled --dry-run');
    expect(enabled.sources.map(({ alias }) => alias)).toEqual(['tasks']);
    expect((await sync('sync-enabled')).sources.map(({ alias }) => alias)).toEqual(['tasks']);
    expect(requestsTo('Disabled')).toBe(0);
    expect((await sync('sync-all')).totals).toMatchObject({ sources: 2, inserted: ROWS });
    expect(requestsTo('Disabled')).toBeGreaterThan(0);
  });
});

describe('--no-incremental', () => {
  it('reads every page again, of which a sync without it reads what changed', async () => {
    expect((await sync('tasks')).sources).toMatchObject([{ mode: 'incremental', certified: true }]);
    const changed = requestsTo('Tasks');
    expect((await sync('tasks --no-incremental')).sources).toMatchObject([
      { mode: 'full', certified: true, read: ROWS, unchanged: ROWS },
    ]);
    // Every page of a hundred rows, and a second look at the schema.
    expect([changed, requestsTo('Tasks')]).toEqual([2, 1 + 3 + 1]);
  });
});

describe('--no-streaming', () => {
  it('publishes all rows in one transaction, which are visible batch by batch without it', async () => {
    await installation.database.pool.query('delete from notion.tasks');
    await sync('tasks --no-incremental');
    expect(await transactions('notion.tasks')).toBe(3);
    for (const line of ['tasks --no-incremental --no-streaming', 'sync-legacy tasks']) {
      await installation.database.pool.query('delete from notion.tasks');
      expect((await sync(line)).sources).toMatchObject([{ batches: 3, inserted: ROWS }]);
      expect(await transactions('notion.tasks')).toBe(1);
    }
  });
});

describe('--verbose', () => {
  it('says on stderr by which options the run works, and changes nothing else', async () => {
    const quiet = await run('tasks --preset safe');
    const requests = requestsTo('Tasks');
    const { exitCode, stdout, stderr } = await run('tasks --preset safe --verbose');
    const options =
      'pool_size 5, max_concurrent 2, batch_size 100, streaming true, incremental true';
    expect(stderr).toContain(`${options}\n`);
    expect(quiet.stderr).not.toContain('pool_size');
    const withoutTimes = (rows: string) => rows.replace(/\d+(?=\tincremental)/, '');
    expect([exitCode, withoutTimes(stdout)]).toEqual([0, withoutTimes(quiet.stdout)]);
    expect(requestsTo('Tasks')).toBe(requests);
  });
});
