import type { Database } from '../../src/store/database.ts';

let count = 0;

/** A source with an account and a table of its own, as rows; returns its id. For tests below the catalog. */
export async function insertSource(db: Database, platform = 'notion'): Promise<number> {
  const n = (count += 1);
  const account = await db.query<{ id: number }>(
    `insert into appsync.account (name, platform, token_ref) values ($1, $2, 'env:TEST_TOKEN') returning id`,
    [`account-${n}`, platform],
  );
  const source = await db.query<{ id: number }>(
    `insert into appsync.source (alias, account_id, ref, external_id, table_schema, table_name)
     values ($1, $2, '{"data_source": "d"}', 'd', 'notion', $3) returning id`,
    [`source-${n}`, account.rows[0]?.id, `source_${n}`],
  );
  return source.rows[0]?.id as number;
}
