import type { SourceField } from '../contract/schema.ts';
import type { Queryable } from './database.ts';
import type { SourceRunKey } from './source-runs.ts';

/**
 * Notes property types that the program does not know in the result of this run, once for each source and
 * type: what was noted before is not news. In openSource's transaction, so that a repeated call changes nothing.
 */
export async function noteUnknownTypes(
  tx: Queryable,
  run: SourceRunKey,
  fields: readonly SourceField[],
  known: ReadonlySet<string>,
): Promise<void> {
  const unknown = [...new Set(fields.map(({ type }) => type))].filter((type) => !known.has(type));
  if (unknown.length === 0) return;
  await tx.query(
    `with noted as (
       insert into appsync.unknown_type (source_id, field_type)
       select $2, type from unnest($3::text[]) as type
       on conflict do nothing returning field_type
     )
     update appsync.source_run r
        set notices = r.notices || news.texts
       from (select jsonb_agg('properties of type "' || field_type || '" are kept as jsonb: the type is not known'
                              order by field_type) as texts
               from noted) news
      where r.run_id = $1 and r.source_id = $2 and news.texts is not null`,
    [run.run_id, run.source_id, unknown],
  );
}
