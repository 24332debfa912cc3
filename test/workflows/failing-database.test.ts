import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { EXACT, tablesOf } from '../support/tables.ts';
import { until } from '../support/until.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({ world: simpleWorld({ notion: { Tasks: 60 } }) });
  await installation.sync();
});
afterAll(() => installation.close());

/** From now on the next so many writes to the table fail with an error code of Postgres. Sequences never roll back. */
async function failWrites(code: string, times: number): Promise<void> {
  await installation.database.pool.query(`
    drop sequence if exists public.writes cascade;
    create sequence public.writes;
    create or replace function public.fail_write() returns trigger language plpgsql as $$
    begin
      if nextval('public.writes') <= ${times} then
        raise exception 'not now' using errcode = '${code}';
      end if;
      return null;
    end $$;
    create or replace trigger fail_write before insert or update on notion.tasks
      for each statement execute function public.fail_write();
  `);
}

const attempts = async () => {
  const { rows } = await installation.database.pool.query<{ writes: number }>(
    'select last_value as writes from public.writes',
  );
  return rows[0]?.writes ?? 0;
};

describe('a batch that Postgres cannot write for now', () => {
  it.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
    ['a server that became read-only', '25006'],
    ['a full disk', '53100'],
    ['too many connections', '53300'],
    ['a server that shuts down', '57P01'],
  ])('because of %s is merged again', async (_, code) => {
    const { world } = installation.simulator;
    await failWrites(code, 1);
    world.editSome('Tasks', 5);
    const summary = await installation.sync({ kind: 'all' }, { incremental: false });
    expect(summary).toMatchObject({ status: 'complete', totals: { read: 60 } });
    expect(summary.totals.updated).toBeGreaterThanOrEqual(5);
    expect(await attempts()).toBeGreaterThan(1);
    expect(await tablesOf(installation).compare('Tasks')).toMatchObject(EXACT);
  });
});

describe('a database that is read-only for a while', () => {
  it('is waited for: the run goes on by itself once it can be written to', async () => {
    const { database, simulator, temporal } = installation;
    await database.pool.query('drop trigger fail_write on notion.tasks');
    const setReadOnly = async (value: 'on' | 'off') => {
      await database.pool.query(`begin read write;
        do $$ begin execute format(
          'alter database %I set default_transaction_read_only = ${value}', current_database()
        ); end $$;
        commit`);
      await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      );
      await database.pool.query(`set default_transaction_read_only = ${value}`);
    };
    simulator.world.editSome('Tasks', 5);
    const run = await installation.start({ kind: 'all' }, { incremental: false });
    await setReadOnly('on');
    const pending = async () => {
      const messages: string[] = [];
      for await (const { workflowId } of temporal.client.workflow.list({
        query: `ExecutionStatus = 'Running'`,
      })) {
        const { raw } = await temporal.client.workflow.getHandle(workflowId).describe();
        for (const activity of raw.pendingActivities ?? []) {
          messages.push(activity.lastFailure?.message ?? '');
        }
      }
      return messages;
    };
    await until(async () => (await pending()).some((message) => message.includes('read-only')));
    await setReadOnly('off');
    expect(await run.finished()).toMatchObject({ status: 'complete' });
    expect(await tablesOf(installation).compare('Tasks')).toMatchObject(EXACT);
  });
});
