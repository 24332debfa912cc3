import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { activityRunner, newRun } from '../support/activities.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: 50 } }) });
});
afterAll(() => installation.close());

describe('a table that was dropped and made anew', () => {
  it('is filled by a full scan, also when the first one is given up midway', async () => {
    await installation.sync();
    await installation.database.pool.query('drop table notion.tasks');
    const { openSource } = await activityRunner(installation, 'one');
    const about = await newRun(installation, 'given-up');
    const first = await openSource({ ...about, give_up_scan: null });
    expect(first.scan.mode).toBe('full');
    const second = await openSource({ ...about, give_up_scan: first.scan.scan_id });
    expect(second.scan.scan_id).not.toBe(first.scan.scan_id);
    expect(second.scan.mode).toBe('full');
  });
});

describe('a run whose workflows were terminated', () => {
  it('has its source ended by the next run that takes it', async () => {
    const { rows: before } = await installation.database.pool.query(
      `select status from appsync.source_run where run_id = 'given-up'`,
    );
    expect(before).toEqual([{ status: 'running' }]);
    expect(await installation.sync()).toMatchObject({ status: 'complete' });
    const { rows } = await installation.database.pool.query(
      `select status, error ->> 'type' as type from appsync.source_run where run_id = 'given-up'`,
    );
    expect(rows).toEqual([{ status: 'failed', type: 'FenceLost' }]);
  });
});

describe('rows that a late attempt staged for a scan that is over', () => {
  it('go when the next scan of any source ends', async () => {
    const { pool } = installation.database;
    await pool.query(
      `insert into appsync.staging (scan_id, attempt, ordinal, id, hash, truncated, cells, raw)
       values ('over', 'late', 0, 'x', 'h', '{}', '{}', '{}')`,
    );
    await installation.sync();
    const { rows } = await pool.query('select scan_id from appsync.staging');
    expect(rows).toEqual([]);
  });
});
