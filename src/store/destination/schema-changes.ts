import type { SchemaChange } from '../../contract/schema-change.ts';
import type { Queryable } from '../database.ts';

/** Records what was changed in a source's table. In the transaction that changes it: one is never without the other. */
export async function recordChanges(
  tx: Queryable,
  about: { readonly source_id: number; readonly run_id: string },
  changes: readonly SchemaChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.query(
    `insert into appsync.schema_change (source_id, run_id, kind, column_name, field_id, from_value, to_value)
     select $1, $2, c.* from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) as c`,
    [
      about.source_id,
      about.run_id,
      changes.map(({ kind }) => kind),
      changes.map(({ column }) => column),
      changes.map(({ field_id }) => field_id),
      changes.map(({ from }) => from),
      changes.map(({ to }) => to),
    ],
  );
}

/** What a run changed, by the alias of the source, in the order it was done. */
export async function readChanges(
  db: Queryable,
  runId: string,
): Promise<ReadonlyMap<string, readonly SchemaChange[]>> {
  const { rows } = await db.query<SchemaChange & { alias: string }>(
    `select s.alias, c.kind, c.column_name as column, c.field_id, c.from_value as from, c.to_value as to
       from appsync.schema_change c join appsync.source s on s.id = c.source_id
      where c.run_id = $1 order by c.id`,
    [runId],
  );
  const changes = new Map<string, SchemaChange[]>();
  for (const { alias, ...change } of rows) {
    changes.set(alias, [...(changes.get(alias) ?? []), change]);
  }
  return changes;
}
