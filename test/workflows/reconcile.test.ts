import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { run } from '../cli/fake-io.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { environmentOf, reconcile, selectedOption } from '../support/reconcile.ts';

const PLATFORMS = [
  {
    platform: 'notion',
    alias: 'tasks',
    title: 'Tasks',
    table: 'notion.tasks',
    records: 130,
    lookup: 'related_names',
  },
  {
    platform: 'airtable',
    alias: 'orders',
    title: 'Orders',
    table: 'airtable.orders',
    records: 150,
    lookup: 'links_names',
  },
] as const;
const IN_AGREEMENT = { behind: 0, missing: 0, surplus: 0, changed: 0, altered: 0 };

let installation: TestInstallation;
beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: { databases: [{ title: 'Tasks', sources: [{ title: 'Tasks', records: 130 }] }] },
      airtable: { bases: [{ name: 'Shop', tables: [{ title: 'Orders', records: 150 }] }] },
    },
  });
  await installation.sync();
});
afterAll(() => installation.close());

const sql = (text: string, values: unknown[] = []) =>
  installation.database.pool.query<Record<string, unknown>>(text, values);

/** A text column that the platform's records fill. */
async function textColumn(alias: string): Promise<string> {
  const { rows } = await installation.database.pool.query<{ column: string }>(
    `select c.column_name as column from appsync.source_column c join appsync.source s on s.id = c.source_id
      where s.alias = $1 and c.field_type in ('title', 'singleLineText') order by c.position limit 1`,
    [alias],
  );
  return rows[0]?.column ?? '';
}

describe.each(PLATFORMS)(
  'a reconciliation of $platform',
  ({ alias, title, table, records, lookup }) => {
    beforeEach(async () => {
      const target = { kind: 'source', name: alias } as const;
      await sql(`update ${table} set _hash = null`);
      const summary = await installation.sync(target, { incremental: false });
      expect(summary.status).toBe('complete');
      installation.simulator.log.clear();
    });

    it('finds no drift after a sync, whatever types the columns have, and says what it cost', async () => {
      const { exitCode, result, of } = await reconcile(installation, `${alias} --full`);
      expect(of(alias)).toMatchObject({
        status: 'complete',
        mode: 'full',
        checked: records,
        matching: records,
        ...IN_AGREEMENT,
        expected_requests: 3,
        requests: 3,
        drift: [],
      });
      expect(installation.simulator.log.requests({})).toHaveLength(3);
      expect(exitCode).toBe(0);
      expect(result.heal).toBeNull();
      const left = await sql(
        `select 1 from appsync.compared_record union all select 1 from appsync.compared_batch
        union all select 1 from appsync.staging`,
      );
      expect(left.rowCount).toBe(0);
    });

    it('tells rows that are missing, altered by hand and changed without a time, and heals them', async () => {
      const { world } = installation.simulator;
      const [gone = '', altered = '', emptied = ''] = world.ids(title);
      const column = await textColumn(alias);
      await sql(`delete from ${table} where _id = $1`, [gone]);
      await sql(`update ${table} set "${column}" = 'by hand' where _id = $1`, [altered]);
      await sql(`update ${table} set _hash = null where _id = $1`, [emptied]);

      const first = await reconcile(installation, `${alias} --full`);
      expect(first.exitCode).toBe(3);
      expect(first.of(alias)).toMatchObject({
        checked: records,
        matching: records - 3,
        missing: 1,
        altered: 1,
        changed: 1,
        surplus: 0,
        behind: 0,
      });
      expect(first.of(alias).drift).toEqual(
        expect.arrayContaining([
          { record_id: gone, kind: 'missing', columns: [] },
          { record_id: altered, kind: 'altered', columns: [column] },
          { record_id: emptied, kind: 'changed', columns: [] },
        ]),
      );

      const healed = await reconcile(installation, `--run ${first.result.run_id} --heal --yes`);
      expect(healed.exitCode).toBe(0);
      expect(healed.result.heal).toMatchObject({
        records: 3,
        sync: { status: 'complete', sources: [{ alias, mode: 'full', inserted: 1, updated: 2 }] },
      });
      expect(healed.of(alias)).toMatchObject({
        mode: 'again',
        checked: 3,
        matching: 3,
        ...IN_AGREEMENT,
      });
      const truth = world.truth(title, { fieldsById: true });
      expect(await compareWithTruth(installation.database.pool, table, truth)).toMatchObject({
        lost: 0,
        surplus: 0,
        different: 0,
      });
      const cells = await sql(`select "${column}" as cell from ${table} where _id = $1`, [altered]);
      expect(cells.rows).toEqual([{ cell: expect.not.stringContaining('by hand') }]);
      expect((await sql('select 1 from appsync.heal')).rowCount).toBe(0);
      const next = await installation.sync({ kind: 'source', name: alias });
      expect(next.sources[0]?.mode).toBe('incremental');
    });

    it('tells a change that moves no time of edit, and how many records it touched', async () => {
      const { world } = installation.simulator;
      const { name, option, column, records: touched } = await selectedOption(installation, alias);
      world.renameOption(title, name, option, `${option} (renamed)`);
      const { exitCode, of } = await reconcile(installation, `${alias} --full`);
      expect(exitCode).toBe(3);
      expect(of(alias)).toMatchObject({ changed: touched, behind: 0, missing: 0, altered: 0 });
      expect(of(alias).drift[0]?.columns).toContain(column);
      world.renameOption(title, name, `${option} (renamed)`, option);
    });

    it('counts what the next sync brings as behind, not as drift', async () => {
      const { world } = installation.simulator;
      const [edited = ''] = world.ids(title);
      world.editRecord(title, edited);
      const [made = ''] = world.createRecords(title, 1);
      const { of } = await reconcile(installation, `${alias} --full`);
      const { changed, drift, ...counts } = of(alias);
      const expected = { checked: records + 1, behind: 2, missing: 0, surplus: 0, altered: 0 };
      expect(counts).toMatchObject(expected);
      // Other records look the edited one's name up: that moves no time of theirs, so no next sync brings it.
      expect(drift).toHaveLength(changed);
      for (const record of drift) expect(record.columns).toEqual([lookup]);
      world.deleteRecord(title, made);
    });

    it('tells live rows that the platform lacks; a heal marks them as deleted', async () => {
      const { world } = installation.simulator;
      const ids = world.ids(title);
      const trashed = ids.at(-1) ?? '';
      world.deleteRecord(title, trashed);
      const { exitCode, of, result } = await reconcile(
        installation,
        `${alias} --full --heal --yes`,
      );
      const before = result.heal?.before.sources[0];
      expect(before).toMatchObject({ surplus: 1, missing: 0, altered: 0, behind: 0 });
      expect(before?.drift).toContainEqual({ record_id: trashed, kind: 'surplus', columns: [] });
      expect(exitCode).toBe(0);
      // What other records looked up of it has changed as well.
      const healed = 1 + (before?.changed ?? 0);
      expect(of(alias)).toMatchObject({ ...IN_AGREEMENT, checked: healed, matching: healed });
      const marked = await sql(
        `select 1 from ${table} where _id = $1 and _deleted_at is not null`,
        [trashed],
      );
      expect(marked.rowCount).toBe(1);
      world.restoreRecord(title, trashed);
    });

    it('by a sample looks up rows on the platform and records in Postgres, the same ones for the same seed', async () => {
      const column = await textColumn(alias);
      const line = `${alias} --sample 20 --seed winter`;
      const { exitCode, of } = await reconcile(installation, line);
      expect(exitCode).toBe(0);
      const { checked, requests, expected_requests } = of(alias);
      expect(checked).toBeGreaterThanOrEqual(20);
      expect(checked).toBeLessThanOrEqual(40);
      // A row that the listing has, too, is not looked up again.
      expect(requests).toBeLessThanOrEqual(expected_requests ?? 0);
      await sql(`update ${table} set "${column}" = 'by hand'`);
      const drifted = await reconcile(installation, line);
      expect(drifted.of(alias)).toMatchObject({ mode: 'sample', checked, altered: checked });
      const again = await reconcile(installation, line);
      expect(again.of(alias).drift).toEqual(drifted.of(alias).drift);
    });
  },
);

describe('the command', () => {
  it('asks before it heals, and where nobody can answer wants --yes', async () => {
    const env = environmentOf(installation);
    const refused = await run('reconcile tasks --heal', { env, real: true });
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--heal --yes');
    const column = await textColumn('tasks');
    await sql(`update notion.tasks set "${column}" = 'by hand' where _id = $1`, [
      installation.simulator.world.ids('Tasks')[0],
    ]);
    const terminal = { env, real: true, stdoutTTY: true, stderrTTY: true, stdin: 'n\n' };
    const asked = await run('reconcile tasks --full --heal', terminal);
    expect(asked.exitCode).toBe(3);
    expect(asked.stderr).toContain('write');
    expect(asked.stderr).toContain('nothing was changed');
    expect((await sql('select 1 from appsync.heal')).rowCount).toBe(0);
  });

  it('in a pipe gives rows on stdout, and drift, cost and the next command on stderr', async () => {
    const env = environmentOf(installation);
    const { exitCode, stdout, stderr } = await run('reconcile tasks --full', { env, real: true });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^tasks\tdrift\t\d+\t\d+\t0\t0\t0\t0\t\d+\tfull\t\d+\n$/);
    expect(stderr).toMatch(/^comparing 1 source whole, about 3 requests$/m);
    expect(stderr).toMatch(/^tasks: [\d,]+ altered \(.*\): [0-9a-f-]{36} \(/m);
    expect(stderr).toMatch(/hint +appsync reconcile --run \S+ --heal/);
  });

  it.each(['--sample 0', '--sample 5000', '--sample x', '--full --seed s'])(
    'refuses %s',
    async (options) => {
      expect((await run(`reconcile all ${options}`)).exitCode).toBe(2);
    },
  );
});
