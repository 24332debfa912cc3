/** The same for Airtable: every page of a table with the official client, upserted page by page. */
import Airtable, { type FieldSet, type Records } from 'airtable';
import pg from 'pg';
import { createSchemas, createTable, type PlainColumn, type PlainRow } from './table.ts';
import { readTask, type PlainSource } from './task.ts';

/** The client knows no metadata, so the columns are written down, as one does. */
const COLUMNS: readonly PlainColumn[] = [
  { name: 'Name', type: 'text' },
  { name: 'Notes', type: 'text' },
  { name: 'Points', type: 'numeric' },
  { name: 'Price', type: 'numeric' },
  { name: 'Stage', type: 'text' },
  { name: 'Tags', type: 'text' },
  { name: 'Due', type: 'text' },
  { name: 'Met', type: 'text' },
  { name: 'Done', type: 'boolean' },
  { name: 'E-mail', type: 'text' },
  { name: 'Link', type: 'text' },
  { name: 'Last modified', type: 'text' },
];

const task = readTask();
const airtable = new Airtable({ apiKey: task.token, endpointUrl: task.origin });
const db = new pg.Pool({ connectionString: task.databaseUrl });

async function copy({ ref, table }: PlainSource): Promise<void> {
  const upsert = task.store === 'upsert' ? await createTable(db, table, COLUMNS) : async () => {};
  const pages = airtable
    .base(ref['base'] ?? '')
    .table(ref['table'] ?? '')
    .select({ pageSize: 100 });
  await new Promise<void>((resolve, reject) => {
    pages.eachPage(
      (records, next) =>
        void upsert(rows(records))
          // oxlint-disable-next-line promise/no-callback-in-promise -- the client knows callbacks only
          .then(() => next())
          .catch(reject),
      (error: unknown) => (error === null || error === undefined ? resolve() : reject(error)),
    );
  });
}

const rows = (records: Records<FieldSet>): readonly PlainRow[] =>
  records.map((record) => ({
    id: record.id,
    createdAt: record._rawJson.createdTime as string,
    editedAt: null,
    cells: COLUMNS.map(({ name }) => cell(record.fields[name])),
    raw: record._rawJson as object,
  }));

function cell(value: FieldSet[string]): string | number | boolean | null {
  if (value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

await createSchemas(
  db,
  task.sources.map(({ table }) => table),
);
await Promise.all(task.sources.map(copy));
await db.end();
