import { compareWithTruth, quoteName, type Comparison } from '../../src/dev/compare-with-truth.ts';
import type { Evidence } from '../../src/contract/scan.ts';
import type { SyncOptions } from '../../src/contract/options.ts';
import type { RunSummary, SourceSummary } from '../../src/contract/summary.ts';
import type { TestInstallation } from './installation.ts';

/** A table that holds exactly what the platform does, whatever the number of rows. */
export const EXACT = { lost: 0, surplus: 0, different: 0 } as const;

export type Row = Readonly<Record<string, unknown>>;

/** The sources of an installation by title, as its catalog names them. */
export function tablesOf(installation: TestInstallation) {
  const { database, simulator } = installation;
  const table = (title: string) =>
    `${simulator.world.source(title).platform}.${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`;
  const alias = (title: string) => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

  /** One run over one source, and what it says of it. */
  async function sync(title: string, options: Partial<SyncOptions> = {}): Promise<SourceSummary> {
    return sourceOf(await installation.sync({ kind: 'source', name: alias(title) }, options));
  }

  /** All rows by id; system columns keep their underscore. */
  async function rows(title: string): Promise<ReadonlyMap<string, Row>> {
    const found = await database.pool.query<Row>(`select * from ${quoteName(table(title))}`);
    return new Map(found.rows.map((row) => [String(row['_id']), row]));
  }

  return {
    sync,
    rows,
    full: (title: string) => sync(title, { incremental: false }),
    row: async (title: string, id: string): Promise<Row> => {
      const found = (await rows(title)).get(id);
      if (found === undefined) throw new Error(`${title} has no row ${id}`);
      return found;
    },
    compare: async (title: string): Promise<Comparison> =>
      compareWithTruth(
        database.pool,
        table(title),
        simulator.world.truth(title, { fieldsById: true }),
      ),
    /** Ids of the rows that are marked as gone. */
    deleted: async (title: string): Promise<readonly string[]> =>
      [...(await rows(title)).values()]
        .filter((row) => row['_deleted_at'] !== null)
        .map((row) => String(row['_id'])),
    /** Column type by column name, system columns left out. */
    columns: async (title: string): Promise<Readonly<Record<string, string>>> => {
      const found = await database.pool.query<{ name: string; type: string }>(
        `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
          where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
            and attname not like '\\_%' order by attnum`,
        [quoteName(table(title))],
      );
      return Object.fromEntries(found.rows.map(({ name, type }) => [name, type]));
    },
    /** The evidence that a source's last run recorded. */
    evidence: async (title: string): Promise<Evidence> => {
      const found = await database.pool.query<{ evidence: Evidence }>(
        `select r.evidence from appsync.source_run r join appsync.source s on s.id = r.source_id
          where s.alias = $1 order by r.finished_at desc limit 1`,
        [alias(title)],
      );
      const [last] = found.rows;
      if (last === undefined) throw new Error(`${title} was never synced`);
      return last.evidence;
    },
  };
}

/** The one source of a run. */
export function sourceOf(summary: RunSummary): SourceSummary {
  const [source, ...others] = summary.sources;
  if (source === undefined || others.length > 0) {
    throw new Error(`the run has ${summary.sources.length} sources`);
  }
  return source;
}
