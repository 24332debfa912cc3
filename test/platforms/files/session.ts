import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column } from '../../../src/contract/schema.ts';
import { createFiles } from '../../../src/platforms/files/files.ts';
import type { Connection, Requests, SourceRef } from '../../../src/platforms/platform.ts';
import type { FetchedBatch, PlatformSession } from '../../../src/platforms/session.ts';
import { unlimited } from '../airtable/session.ts';

/** A folder with files, and a folder for what is made of them. */
export interface Workplace {
  readonly folder: string;
  readonly spool: string;
  /** A session of a new process: it knows nothing but what is on the disk. */
  connect(requests?: Requests, more?: Partial<Connection>): PlatformSession;
  ref(ref: Readonly<Record<string, unknown>>): SourceRef;
  remove(): Promise<void>;
}

export async function createWorkplace(now: () => number = Date.now): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), 'appsync-files-test-'));
  const spool = join(root, 'spool');
  const platform = createFiles({ spool, now, workingDirectory: () => root });
  return {
    folder: root,
    spool,
    connect: (requests = unlimited().requests, more = {}) =>
      platform.connect(
        {
          account: 'disk',
          token: '',
          fingerprint: 'f1',
          base_url: undefined,
          plan: null,
          rate: null,
          pool_size: 10,
          ...more,
        },
        requests,
      ),
    ref: (ref) => platform.parseRef(ref, root),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export interface ReadOptions {
  readonly batch?: number;
  /** Called, and waited for, after every batch. */
  readonly onBatch?: (batch: FetchedBatch) => unknown;
  /** The session for the next batch. */
  readonly session?: () => PlatformSession;
}

/** A source's rows as cells by column, as a scan reads them to the end. */
export async function read(session: PlatformSession, ref: SourceRef, options: ReadOptions = {}) {
  const { fields } = await session.describe(ref);
  const columns: Column[] = fields.map((field) => ({ ...field, column: field.name }));
  const version = (await session.readVersion?.(ref))?.version;
  let [window] = session.planScan({ ref, mode: 'full', since: null, version });
  const batches: FetchedBatch[] = [];
  while (window !== undefined && !window.done) {
    const batch = await (options.session?.() ?? session).fetchBatch({
      ref,
      mode: 'full',
      since: null,
      version,
      columns,
      window,
      free_window: 1,
      max_records: options.batch ?? 1000,
      isTimeUp: () => false,
    });
    batches.push(batch);
    [window] = batch.windows;
    await options.onBatch?.(batch);
    if (batches.length > 2000) throw new Error('the scan does not end');
  }
  const records = batches.flatMap((batch) => batch.records);
  return {
    types: Object.fromEntries(fields.map(({ id, column_type }) => [id, column_type])),
    ids: records.map(({ id }) => id),
    rows: records.map(({ values }) =>
      Object.fromEntries(columns.map(({ id }, i) => [id, values[i]])),
    ),
    records,
    rejected: batches.flatMap((batch) => batch.rejected),
    gaps: [...new Set(batches.flatMap((batch) => batch.evidence.gaps))],
    batches,
    version,
  };
}
