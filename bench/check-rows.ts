import { AIRTABLE_TOKEN, NOTION_TOKEN } from '../src/sim/simulator.ts';
import { digestSql, idDigest, spread } from './arithmetic.ts';
import type { Stage } from './stage.ts';
import type { BenchSource } from './worlds.ts';

/** What is compared: a database, and the platforms that it has to agree with. */
export interface Compared {
  readonly db: Stage['db'];
  readonly simulator: Pick<Stage['simulator'], 'url' | 'ids'>;
}

/** Where a competitor keeps what is compared: SQL expressions over its table, which is called `t`. */
export interface StoredShape {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly points: string;
}

const SAMPLED = 50;

/**
 * Throws unless the table holds exactly the records of the source: as many, the same ids, and the same values in
 * fifty of them, which the API is asked for one by one. No speed counts before that.
 */
export async function checkRows(
  stage: Compared,
  source: BenchSource,
  stored: StoredShape,
): Promise<void> {
  const ids = await stage.simulator.ids(source.simulatorName);
  const { rows } = await stage.db.query<{ count: number; digest: string }>(
    `select count(*)::integer as count, ${digestSql(stored.id)} as digest from ${stored.table} t`,
  );
  const [found] = rows;
  if (found?.count !== ids.length || found.digest !== idDigest(ids)) {
    throw new Error(
      `${stored.table} holds ${found?.count} rows with other ids than the ${ids.length} of ${source.alias}`,
    );
  }
  await checkSample(stage, source, stored, spread(ids, SAMPLED));
}

async function checkSample(
  stage: Compared,
  source: BenchSource,
  stored: StoredShape,
  ids: readonly string[],
): Promise<void> {
  const { rows } = await stage.db.query<{ id: string; name: string | null; points: string | null }>(
    `select ${stored.id} as id, (${stored.name})::text as name, (${stored.points})::text as points
       from ${stored.table} t where ${stored.id} = any($1)`,
    [ids],
  );
  for (const { id, name, points } of rows) {
    const expected = await askFor(stage, source, id);
    const number = points === null ? null : Number(points);
    if ((name ?? '') !== expected.name || number !== expected.points) {
      const values = JSON.stringify({ stored: { name, points }, expected });
      throw new Error(`${stored.table} holds other values for ${id}: ${values}`);
    }
  }
  if (rows.length !== ids.length) throw new Error(`${stored.table} lacks sampled rows`);
}

interface Sampled {
  readonly name: string;
  readonly points: number | null;
}

async function askFor(stage: Compared, source: BenchSource, id: string): Promise<Sampled> {
  const { url } = stage.simulator;
  if (source.platform === 'notion') {
    const page = (await get(`${url}/v1/pages/${id}`, NOTION_TOKEN)) as NotionPage;
    const { Name, Points } = page.properties;
    return { name: Name.title.map((part) => part.plain_text).join(''), points: Points.number };
  }
  const { base, table } = source.ref;
  const { fields } = (await get(`${url}/v0/${base}/${table}/${id}`, AIRTABLE_TOKEN)) as Record;
  return { name: fields.Name ?? '', points: fields.Points ?? null };
}

interface NotionPage {
  readonly properties: {
    readonly Name: { readonly title: readonly { readonly plain_text: string }[] };
    readonly Points: { readonly number: number | null };
  };
}

interface Record {
  readonly fields: { readonly Name?: string; readonly Points?: number };
}

async function get(url: string, token: string): Promise<unknown> {
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, 'notion-version': '2025-09-03' },
  });
  if (!answer.ok) throw new Error(`GET ${url}: ${answer.status}`);
  return answer.json();
}
