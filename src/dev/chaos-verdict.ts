import type { RunSummary } from '../contract/summary.ts';
import { EXIT } from '../errors.ts';
import { DEMO_SOURCES } from '../sim/demo-world.ts';
import type { RequestLog } from '../sim/request-log.ts';
import type { Database } from '../store/database.ts';
import { compareWithTruth, quoteName } from './compare-with-truth.ts';
import { externalId } from './chaos-edits.ts';
import { CHAOS_LIMITS, type ChaosStage } from './chaos-stage.ts';
import type { Answer } from './chaos-runs.ts';

/** Tables beside the platforms, once everything is quiet. */
export interface Checked {
  records: number;
  lost: number;
  surplus: number;
  different: number;
  /** Live records with a tombstone. */
  wrongly_tombstoned: number;
  /** Records that are live rows of two tables. */
  doubled: number;
}

/** Requests beside the platforms' limits. */
export interface RequestsMade {
  readonly total: number;
  readonly writes: number;
  /** Answered 429 for a limit that was really exceeded, not for an injected fault. */
  readonly refused: number;
  readonly notion_most_in_60_s: number;
  readonly airtable_most_in_1_s: number;
}

/** Compares every table with what its platform holds now, record by record. */
export async function checkTables({ db, control }: ChaosStage): Promise<Checked> {
  const checked: Checked = {
    records: 0,
    lost: 0,
    surplus: 0,
    different: 0,
    wrongly_tombstoned: 0,
    doubled: 0,
  };
  const seen = new Set<string>();
  for (const [id, table] of await readTables(db)) {
    const truth = await control.truth(id);
    const { expected, lost, surplus, different } = await compareWithTruth(db, table, truth);
    checked.records += expected;
    checked.lost += lost;
    checked.surplus += surplus;
    checked.different += different;
    const rows = await readIds(db, table);
    const live = new Set(truth.ids);
    checked.wrongly_tombstoned += rows.filter((row) => row.dead && live.has(row.id)).length;
    for (const row of rows.filter(({ dead }) => !dead)) {
      if (seen.has(row.id)) checked.doubled += 1;
      seen.add(row.id);
    }
  }
  return checked;
}

async function readTables(db: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; table: string }>(
    `select external_id as id, table_schema || '.' || table_name as table from appsync.source`,
  );
  const tables = new Map(rows.map(({ id, table }) => [id, table]));
  return new Map(
    DEMO_SOURCES.map((source) => [externalId(source), tables.get(externalId(source)) ?? '']),
  );
}

async function readIds(db: Database, table: string) {
  const { rows } = await db.query<{ id: string; dead: boolean }>(
    `select _id as id, _deleted_at is not null as dead from ${quoteName(table)}`,
  );
  return rows;
}

/** How long sources waited for the budgets, all together, as their runs recorded it. Milliseconds. */
export async function readWaited({ db }: ChaosStage): Promise<number> {
  const { rows } = await db.query<{ waited_ms: number }>(
    `select coalesce(sum((metrics ->> 'waited_ms')::float8), 0) as waited_ms from appsync.source_run`,
  );
  return rows[0]?.waited_ms ?? 0;
}

export function checkRequests(log: RequestLog): RequestsMade {
  const bases = new Set(DEMO_SOURCES.flatMap(({ ref }) => ('base' in ref ? [ref.base] : [])));
  const perBase = [...bases].map((base) =>
    log.maxInWindow(CHAOS_LIMITS.airtable.window_ms, { path: `/v0/${base}` }),
  );
  return {
    total: log.count(),
    writes: log.writes().length,
    refused: log.requests({ status: 429 }).filter(({ fault }) => fault === null).length,
    notion_most_in_60_s: log.maxInWindow(CHAOS_LIMITS.notion.window_ms, { platform: 'notion' }),
    airtable_most_in_1_s: Math.max(...perBase),
  };
}

/** Everything that must not be, in words; nothing: the round was survived. */
export function judge(
  last: Answer,
  checked: Checked,
  requests: RequestsMade,
  unended: number,
): readonly string[] {
  const { records, ...wrong } = checked;
  const counts: Readonly<Record<string, number>> = {
    ...wrong,
    'write requests': requests.writes,
    'requests over a limit': requests.refused,
    'runs without an end': unended,
  };
  return [
    ...(last.exitCode === EXIT.ok ? [] : [`the last sync: ${describeLast(last)}`]),
    ...(records === 0 ? ['nothing to compare'] : []),
    ...Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${what}: ${count}`),
    ...over('Notion', requests.notion_most_in_60_s, CHAOS_LIMITS.notion.requests),
    ...over('Airtable', requests.airtable_most_in_1_s, CHAOS_LIMITS.airtable.requests),
  ];
}

const over = (platform: string, most: number, limit: number) =>
  most > limit ? [`${platform}: ${most} requests in a window of ${limit}`] : [];

function describeLast({ exitCode, document }: Answer): string {
  const sources = (document as Partial<RunSummary> | null)?.sources ?? [];
  const causes = sources
    .filter(({ status }) => status !== 'complete')
    .map(({ alias, status, error }) => `${alias} ${status} (${error?.message ?? 'no reason'})`);
  return [`exit ${exitCode}`, ...(causes.length > 0 ? causes : [JSON.stringify(document)])].join(
    '; ',
  );
}
