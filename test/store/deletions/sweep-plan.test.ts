import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inTransaction, type Transaction } from '../../../src/store/database.ts';
import { beginSweep } from '../../../src/store/deletions/sweep.ts';
import { fitTable } from '../../../src/store/destination/fit-table.ts';
import { quoteTable } from '../../../src/store/identifiers.ts';
import { readSource, type SourceRow } from '../../../src/store/sources.ts';
import { insertSource } from '../../support/catalog-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const ROWS = 25_000;
const BATCH = 1_000;
const SCAN = 'the-scan';
let database: TestDatabase;
let source: SourceRow;

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  source = await readSource(pool, await insertSource(pool));
  await inTransaction(pool, (tx) =>
    fitTable(tx, source, [{ id: 'a', name: 'Name', type: 'title', column_type: 'text' }]),
  );
  await pool.query(
    `insert into ${quoteTable(source)} (_id, _hash, _raw, _synced_at, _run_id)
     select 'id-' || n, 'hash', '{}', now(), 'run' from generate_series(1, $1::integer) as n`,
    [ROWS],
  );
  await pool.query(
    `insert into appsync.scan (id, source_id, mode, started_at, ref, schema_fingerprint)
     values ($1, $2, 'full', now(), '{}', '')`,
    [SCAN, source.id],
  );
});
afterAll(() => database.drop());

interface Plan {
  readonly 'Node Type': string;
  readonly 'Join Type'?: string;
  readonly Plans?: readonly Plan[];
}

const nodes = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** A transaction that notes how Postgres means to go through the ids that a scan saw. */
function explained(tx: Transaction, plans: Plan[]): Transaction {
  return new Proxy(tx, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (text: string, values?: unknown[]) => {
        if (text.includes('seen_ids')) {
          const { rows } = await tx.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
            `explain (format json) ${text}`,
            values,
          );
          plans.push(...(rows[0]?.['QUERY PLAN'] ?? []).map(({ Plan: plan }) => plan));
        }
        return tx.query(text, values);
      };
    },
  });
}

describe('what a full scan did not find', () => {
  it('is found without comparing each row with each id, also where Postgres believes that there are none', async () => {
    const { pool } = database;
    // As autovacuum may leave it: what it knows of is another source's scan.
    await pool.query(
      `insert into appsync.scan (id, source_id, mode, started_at, ref, schema_fingerprint)
       values ('another', $1, 'full', now(), '{}', '')`,
      [await insertSource(pool, 'another')],
    );
    await pool.query(
      `insert into appsync.seen_ids (scan_id, window_no, batch_no, ids)
       select 'another', 0, n, '{x}' from generate_series(1, 100) as n`,
    );
    await pool.query('analyze appsync.seen_ids');
    await pool.query(
      `insert into appsync.seen_ids (scan_id, window_no, batch_no, ids)
       select $1, 0, n, array(select 'id-' || i from generate_series(n * ${BATCH} + 1, (n + 1) * ${BATCH}) as i
                               where i <= ${ROWS - 3})
         from generate_series(0, ${ROWS / BATCH - 1}) as n`,
      [SCAN],
    );
    const plans: Plan[] = [];
    await inTransaction(pool, (tx) =>
      beginSweep(explained(tx, plans), source, SCAN, { rows: 10, share: 1 }),
    );
    const { rows } = await pool.query<{ id: string }>(
      'select record_id as id from appsync.unsettled_record order by 1',
    );
    expect(rows.map(({ id }) => id)).toEqual(['id-24998', 'id-24999', 'id-25000']);
    expect(plans).toHaveLength(2);
    const joined = plans
      .flatMap(nodes)
      .filter(({ 'Join Type': join }) => join === 'Anti' || join === 'Semi');
    expect(joined.map((node) => node['Node Type'])).not.toContain('Nested Loop');
    expect(joined.length).toBeGreaterThan(0);
  });
});
