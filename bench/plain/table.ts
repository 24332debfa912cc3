import type { Pool } from 'pg';

/** A record as the script stores it: its id and times, a cell per column, and the record itself. */
export interface PlainRow {
  readonly id: string;
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly cells: readonly (string | number | boolean | null)[];
  readonly raw: object;
}

export interface PlainColumn {
  readonly name: string;
  readonly type: 'text' | 'numeric' | 'boolean';
}

/** Makes the schemas of the tables, before several tables are made at once. */
export async function createSchemas(db: Pool, tables: readonly string[]): Promise<void> {
  for (const schema of new Set(tables.map((table) => table.split('.')[0]))) {
    await db.query(`create schema if not exists ${schema}`);
  }
}

/** Makes the table; returns what upserts a page of rows with one statement. */
export async function createTable(
  db: Pool,
  table: string,
  columns: readonly PlainColumn[],
): Promise<(rows: readonly PlainRow[]) => Promise<void>> {
  const typed = columns.map(({ name, type }) => `"${name}" ${type}`);
  await db.query(
    `create table ${table} (id text primary key, created_at timestamptz, edited_at timestamptz,
       ${typed.join(', ')}, raw json)`,
  );
  const names = ['id', 'created_at', 'edited_at', ...columns.map(({ name }) => `"${name}"`), 'raw'];
  const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
  return async (rows) => {
    if (rows.length === 0) return;
    const places = rows.map(
      (_, row) => `(${names.map((__, column) => `$${row * names.length + column + 1}`).join(',')})`,
    );
    const values = rows.flatMap((row) => [
      row.id,
      row.createdAt,
      row.editedAt,
      ...row.cells,
      JSON.stringify(row.raw),
    ]);
    await db.query(
      `insert into ${table} (${names.join(', ')}) values ${places.join(', ')}
       on conflict (id) do update set ${changes.join(', ')}`,
      values,
    );
  };
}
