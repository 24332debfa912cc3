import type { Column, SourceField } from '../../src/contract/schema.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { inTransaction, type Database } from '../../src/store/database.ts';
import { fitTable } from '../../src/store/destination/fit-table.ts';
import { mergeStaged, takeStagedIds, type MergeCounts } from '../../src/store/merge.ts';
import { readColumns, readSource, type SourceRow } from '../../src/store/sources.ts';
import { stageRecords } from '../../src/store/staging.ts';
import { insertSource } from './catalog-rows.ts';

/** A row as it came to rest. */
export interface StoredRow {
  readonly id: string;
  readonly raw: unknown;
  readonly errors: Readonly<Record<string, string>> | null;
  /** Values by field id, in Postgres' text form. */
  readonly values: ReadonlyMap<string, string | null>;
}

/** The way from a platform's record into a table of these fields: convert, copy, merge in one statement. */
export class StoredTable {
  readonly #db: Database;
  readonly #source: SourceRow;
  readonly #columns: readonly Column[];
  #attempts = 0;

  private constructor(db: Database, source: SourceRow, columns: readonly Column[]) {
    this.#db = db;
    this.#source = source;
    this.#columns = columns;
  }

  static async create(
    db: Database,
    platform: 'notion' | 'airtable',
    fields: readonly SourceField[],
  ): Promise<StoredTable> {
    const id = await insertSource(db, platform);
    const source = await readSource(db, id);
    await inTransaction(db, (tx) => fitTable(tx, source, fields));
    return new StoredTable(db, source, await readColumns(db, id));
  }

  /** Throws what Postgres says when it refuses one of them. */
  async write(records: readonly unknown[]): Promise<MergeCounts> {
    const convert = builtInPlatforms().get(this.#source.platform)?.createConverter(this.#columns);
    if (convert === undefined) throw new Error(`no platform ${this.#source.platform}`);
    const attempt = String((this.#attempts += 1));
    const key = { scan_id: this.#source.alias, attempt };
    const never = new AbortController().signal;
    await stageRecords(this.#db, key, this.#columns, records.map(convert), never);
    const batches = [{ window: 0, batch: 0, attempt, rows: records.length }];
    return inTransaction(this.#db, async (tx) => {
      const merge = { scan_id: key.scan_id, run_id: 'r', batches };
      const counts = await mergeStaged(tx, this.#source, this.#columns, merge);
      await takeStagedIds(tx, key.scan_id, batches);
      return counts;
    });
  }

  async rows(): Promise<ReadonlyMap<string, StoredRow>> {
    const names = this.#columns.map(({ column }) => `"${column.replaceAll('"', '""')}"::text`);
    const { rows } = await this.#db.query<{
      id: string;
      raw: string;
      errors: Record<string, string> | null;
      cells: (string | null)[];
    }>(
      `select _id as id, _raw::text as raw, _errors as errors, array[${names.join(', ')}]::text[] as cells
         from ${this.#source.table_schema}.${this.#source.table_name}`,
    );
    return new Map(
      rows.map(({ id, raw, errors, cells }) => [
        id,
        {
          id,
          raw: JSON.parse(raw) as unknown,
          errors: errors === null ? null : this.#byField(errors),
          values: new Map(this.#columns.map((column, i) => [column.id, cells[i] ?? null])),
        },
      ]),
    );
  }

  #byField(errors: Readonly<Record<string, string>>): Record<string, string> {
    const ids = new Map(this.#columns.map(({ id, column }) => [column, id]));
    return Object.fromEntries(
      Object.entries(errors).map(([name, why]) => [ids.get(name) ?? name, why]),
    );
  }

  async empty(): Promise<void> {
    await this.#db.query(`truncate ${this.#source.table_schema}.${this.#source.table_name}`);
  }
}
