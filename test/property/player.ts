import { isDeepStrictEqual } from 'node:util';
import { asListed } from '../../src/dev/compare-with-truth.ts';
import type { SourceSummary } from '../../src/contract/summary.ts';
import type { Platform } from '../../src/sim/exchange.ts';
import type { FaultEffect } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { tablesOf, type Row } from '../support/tables.ts';
import type { Command, Sync, Trouble } from './commands.ts';
import { expectedCells, wrongCells, type KnownColumn } from './expected-cells.ts';
import { emptyWorld, SimulatedSource, type Traces } from './simulated-source.ts';

/** Sources per installation; each sequence takes a new one. */
const SOURCES = 60;
const NOON = Date.parse('2026-09-01T12:00:00.000Z');

/** Plays sequences on one platform, each on a source of its own, in an installation that is renewed when it is used up. */
export class Player {
  readonly #platform: Platform;
  #installation: TestInstallation | null = null;
  #used = 0;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Plays one sequence and ends it with a full scan. Throws with the first promise that was broken. */
  async play(commands: readonly Command[], lastIsFull: boolean): Promise<void> {
    if (this.#installation === null || this.#used === SOURCES) {
      await this.close();
      const world = emptyWorld(this.#platform, SOURCES);
      this.#installation = await startInstallation({ world, now: () => NOON });
      this.#used = 0;
    }
    const sequence = new Sequence(this.#installation, this.#platform, this.#used);
    this.#used += 1;
    // Whatever comes first finds something to work on.
    for (const points of [null, 0, 2.5]) {
      await sequence.step({ kind: 'create', name: `Record of ${points}`, points });
    }
    for (const command of commands) await sequence.step(command);
    await sequence.end(lastIsFull);
  }

  async close(): Promise<void> {
    await this.#installation?.close();
    this.#installation = null;
  }
}

const NOTHING: Traces = { touched: new Set(), unseen: new Set(), gone: new Set(), values: false };

const together = (a: Traces, b: Traces): Traces => ({
  touched: new Set([...a.touched, ...b.touched]),
  unseen: new Set([...a.unseen, ...b.unseen]),
  gone: new Set([...a.gone, ...b.gone]),
  values: a.values || b.values,
});

class Sequence {
  readonly #installation: TestInstallation;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #source: SimulatedSource;
  /** What happened before the scan began that is read next, as far as it may still be missing from the table. */
  #old: Traces = NOTHING;
  /** What happened since: a scan that is gone on with in a later run may have missed it. */
  #isInterrupted = false;
  #slowTroubles = 0;

  constructor(installation: TestInstallation, platform: Platform, n: number) {
    this.#installation = installation;
    this.#tables = tablesOf(installation);
    const { world, clock } = installation.simulator;
    this.#source = new SimulatedSource(world, (ms) => clock.advance(ms), platform, n);
  }

  async step(command: Command): Promise<void> {
    if (command.kind !== 'sync') return this.#source.play(command);
    const summary = await this.#sync(command);
    if (summary.status === 'complete') return;
    if (command.trouble === null) broken(`a sync without trouble is ${summary.status}`, summary);
  }

  async end(lastIsFull: boolean): Promise<void> {
    const quiet = { kind: 'sync', batch: 3, streaming: true, trouble: null } as const;
    // A scan that is gone on with does not see what changed where it had been.
    if (this.#isInterrupted) await this.#sync({ ...quiet, mode: 'full' });
    const summary = await this.#sync({ ...quiet, mode: 'full' });
    if (summary.status !== 'complete' || !summary.certified || summary.mode !== 'full') {
      broken('the last full scan is not complete', summary);
    }
    const again = await this.#sync({ ...quiet, mode: lastIsFull ? 'full' : 'incremental' });
    if (again.status !== 'complete' || again.inserted + again.updated + again.deleted > 0) {
      broken('a sync of what did not change wrote something', again);
    }
    if (this.#installation.simulator.log.writes().length > 0) broken('something was written', {});
  }

  async #sync(command: Sync): Promise<SourceSummary> {
    const { faults } = this.#installation.simulator;
    const { title } = this.#source;
    if (!this.#isInterrupted) this.#old = together(this.#old, this.#source.takeTraces());
    const before = await this.#rowsBefore();
    const wasLive = new Set(this.#installation.simulator.world.ids(title));
    if (command.trouble !== null) this.#cause(command.trouble);
    const summary = await this.#tables.sync(title, {
      incremental: command.mode === 'incremental',
      batch_size: command.batch,
      streaming: command.streaming,
    });
    faults.clear();
    this.#isInterrupted = summary.status !== 'complete';
    const rows = await this.#rowsBefore();
    this.#checkTombstones(before, rows, wasLive);
    if (summary.status === 'complete') {
      this.#old = leftBy(summary, this.#old);
      await this.#checkRows(summary, rows);
    }
    return summary;
  }

  #rowsBefore = async (): Promise<ReadonlyMap<string, Row>> =>
    this.#tables.rows(this.#source.title).catch(() => new Map<string, Row>());

  #cause(trouble: Trouble): void {
    const { simulator } = this.#installation;
    const { externalId, platform } = simulator.world.source(this.#source.title);
    const path =
      platform === 'notion' ? `/v1/data_sources/${externalId}/query` : `/v0/${externalId}`;
    const add = (effect: FaultEffect) => simulator.faults.add({ path, nth: trouble.nth, effect });
    switch (trouble.kind) {
      case 'cursors expire':
        return add({ kind: 'run', run: () => simulator.expireCursors() });
      case 'cursor repeats':
        return add({ kind: 'repeat cursor' });
      case 'meanwhile':
        return add({ kind: 'run', run: () => this.#source.play(trouble.edit) });
      case 'slow':
        this.#slowTroubles += 1;
        if (this.#slowTroubles === 1) add(SLOW[platform][trouble.what]);
    }
  }

  /** Nothing that lived through the whole scan may be marked as deleted by it. */
  #checkTombstones(
    before: ReadonlyMap<string, Row>,
    after: ReadonlyMap<string, Row>,
    wasLive: ReadonlySet<string>,
  ): void {
    const isLive = new Set(this.#installation.simulator.world.ids(this.#source.title));
    const { touched } = this.#source.traces;
    for (const [id, row] of after) {
      const isNew =
        row['_deleted_at'] !== null && (before.get(id)?.['_deleted_at'] ?? null) === null;
      if (isNew && wasLive.has(id) && isLive.has(id) && !touched.has(id)) {
        broken('a live record is marked as deleted', { id });
      }
    }
  }

  /** `complete` means: the table holds the truth, but for what the sync could not see. */
  async #checkRows(summary: SourceSummary, rows: ReadonlyMap<string, Row>): Promise<void> {
    const { world } = this.#installation.simulator;
    const { platform, title } = this.#source;
    const truth = world.truth(title, { fieldsById: true });
    const open = together(this.#old, this.#source.traces);
    const columns = await this.#columns();
    for (const [id, record] of truth.records) {
      const mayBeAbsent = open.touched.has(id) || open.unseen.has(id);
      const row = rows.get(id);
      if (row === undefined || row['_deleted_at'] !== null) {
        if (!mayBeAbsent) broken('a record has no live row', { id, summary });
        continue;
      }
      if (mayBeAbsent || open.values) continue;
      if (!isDeepStrictEqual(asListed(row['_raw']), asListed(record))) {
        broken('a row is not what the API gives', { row, record, summary });
      }
      if (row['_errors'] !== null) broken('a cell that fits has an error', { row, summary });
      const wrong = wrongCells(columns, row, expectedCells(platform, record));
      if (wrong.length > 0) broken(`cells are wrong: ${wrong.join()}`, { row, record, summary });
    }
    for (const [id, row] of rows) {
      const isSurplus = row['_deleted_at'] === null && !truth.records.has(id);
      if (isSurplus && !open.gone.has(id)) broken('a row has no record', { id, summary });
    }
  }

  async #columns(): Promise<readonly KnownColumn[]> {
    const { rows } = await this.#installation.database.pool.query<KnownColumn>(
      `select c.field_id as id, c.column_name as name, c.column_type as type
         from appsync.source_column c join appsync.source s on s.id = c.source_id
        where s.external_id = $1 and c.dropped_at is null`,
      [this.#installation.simulator.world.source(this.#source.title).externalId],
    );
    return rows;
  }
}

/**
 * What may still be missing from the table after a complete scan of what happened before it. A full scan
 * leaves nothing. An incremental one reads
 * whatever moved a time: what came back without it, values that changed without it and what went is left.
 */
function leftBy({ mode }: SourceSummary, old: Traces): Traces {
  if (mode === 'full') return NOTHING;
  return { ...old, touched: new Set() };
}

const SLOW: Readonly<
  Record<Platform, Record<'limited' | 'unavailable' | 'truncated' | 'reset', FaultEffect>>
> = {
  notion: {
    limited: { kind: 'named', name: 'notion rate limited', retryAfter: 1 },
    unavailable: { kind: 'named', name: 'notion unavailable' },
    truncated: { kind: 'truncate', afterBytes: 40 },
    reset: { kind: 'reset', afterBytes: 40 },
  },
  airtable: {
    limited: { kind: 'named', name: 'airtable rate limited', retryAfter: 1 },
    unavailable: { kind: 'named', name: 'airtable retriable' },
    truncated: { kind: 'truncate', afterBytes: 40 },
    reset: { kind: 'reset', afterBytes: 40 },
  },
};

function broken(promise: string, about: object): never {
  throw new Error(`${promise}: ${JSON.stringify(about)}`);
}
