/**
 * What somebody writes in an afternoon: every page of a data source with the official client, upserted page by
 * page. It goes by windows of the time of creation, without which the API stops at 10,000 rows. No checkpoint, no
 * retry beyond the client's, no proof that it has everything.
 */
import { Client, isFullPage, type PageObjectResponse } from '@notionhq/client';
import pg from 'pg';
import { createSchemas, createTable, type PlainColumn, type PlainRow } from './table.ts';
import { readTask, type PlainSource } from './task.ts';

type Property = PageObjectResponse['properties'][string];

const task = readTask();
const notion = new Client({ auth: task.token, baseUrl: task.origin });
const db = new pg.Pool({ connectionString: task.databaseUrl });

async function copy({ ref, table }: PlainSource): Promise<void> {
  const id = ref['data_source'] ?? '';
  const { properties } = await notion.dataSources.retrieve({ data_source_id: id });
  const columns = Object.values(properties).map(({ name, type }): PlainColumn => ({
    name,
    type: columnType(type),
  }));
  const upsert = task.store === 'upsert' ? await createTable(db, table, columns) : async () => {};
  let since: string | undefined;
  for (;;) {
    const end = await copyWindow(id, since, columns, upsert);
    if (end === since || end === undefined) return;
    since = end;
  }
}

/** Everything created at or after a time, up to the API's limit; returns where the next window begins. */
async function copyWindow(
  id: string,
  since: string | undefined,
  columns: readonly PlainColumn[],
  upsert: (rows: readonly PlainRow[]) => Promise<void>,
): Promise<string | undefined> {
  let cursor: string | null | undefined;
  let last: string | undefined;
  let incomplete = false;
  while (cursor !== null) {
    const answer = await notion.dataSources.query({
      data_source_id: id,
      page_size: 100,
      sorts: [{ timestamp: 'created_time', direction: 'ascending' }],
      ...(cursor === undefined ? {} : { start_cursor: cursor }),
      ...(since === undefined
        ? {}
        : { filter: { timestamp: 'created_time', created_time: { on_or_after: since } } }),
    });
    const pages = answer.results.filter((result) => 'properties' in result && isFullPage(result));
    await upsert(pages.map((page) => row(page as PageObjectResponse, columns)));
    last = (pages.at(-1) as PageObjectResponse | undefined)?.created_time ?? last;
    cursor = answer.next_cursor;
    incomplete = 'request_status' in answer && answer.request_status?.type === 'incomplete';
  }
  return incomplete ? last : undefined;
}

function row(page: PageObjectResponse, columns: readonly PlainColumn[]): PlainRow {
  return {
    id: page.id,
    createdAt: page.created_time,
    editedAt: page.last_edited_time,
    cells: columns.map(({ name }) => cell(page.properties[name])),
    raw: page,
  };
}

const columnType = (type: string): PlainColumn['type'] =>
  type === 'number' ? 'numeric' : type === 'checkbox' ? 'boolean' : 'text';

function cell(property: Property | undefined): string | number | boolean | null {
  if (property === undefined) return null;
  switch (property.type) {
    case 'title':
      return property.title.map((part) => part.plain_text).join('');
    case 'rich_text':
      return property.rich_text.map((part) => part.plain_text).join('');
    case 'number':
      return property.number;
    case 'checkbox':
      return property.checkbox;
    case 'select':
      return property.select?.name ?? null;
    case 'status':
      return property.status?.name ?? null;
    case 'multi_select':
      return property.multi_select.map((option) => option.name).join(', ');
    case 'date':
      return property.date?.start ?? null;
    case 'email':
      return property.email;
    case 'url':
      return property.url;
    default:
      // U+0000 is no text of Postgres.
      return JSON.stringify(property).replaceAll('\\u0000', '');
  }
}

await createSchemas(
  db,
  task.sources.map(({ table }) => table),
);
await Promise.all(task.sources.map(copy));
await db.end();
