import type { Database } from '../../src/store/database.ts';

/** Every table of a database that is ours or a destination's: its columns, and all rows as text. */
export async function readEverything(db: Database): Promise<Readonly<Record<string, unknown>>> {
  const { rows: tables } = await db.query<{ name: string; columns: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name,
            (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
               from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const everything: Record<string, unknown> = {};
  for (const { name, columns } of tables) {
    const { rows } = await db.query<{ rows: number; digest: string | null }>(
      `select count(*) as rows, md5(string_agg(t::text, '' order by t::text)) as digest from ${name} t`,
    );
    everything[name] = { columns, ...rows[0] };
  }
  return everything;
}
