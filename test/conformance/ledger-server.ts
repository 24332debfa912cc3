import type { ConformanceStage, StagedFailure } from '../../src/platforms/conformance.ts';

export const TOKEN = 'ledger_token_0001';

interface Field {
  readonly id: string;
  name: string;
  readonly type: string;
}

export interface Entry {
  readonly id: unknown;
  readonly created: string;
  readonly edited: string;
  readonly cells: Readonly<Record<string, unknown>>;
  /** Ids of fields whose value is not whole in a listing. */
  readonly cut?: readonly string[];
}

export interface LedgerAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number | null;
}

export type Parameters = Readonly<Record<string, string | number | readonly string[] | null>>;

const LARGEST_PAGE = 5;
const LONGEST_LIST = 2;
const FAILURES: Readonly<Record<Exclude<StagedFailure, 'cut-short'>, number>> = {
  unauthorized: 401,
  'rate-limited': 429,
  'server-error': 503,
};

/** A platform in memory, which answers as one over HTTP would. */
export class LedgerServer {
  requests = 0;
  #now = Date.parse('2026-03-01T10:00:00.000Z');
  #version = 1;
  #generation = 1;
  #failing: { readonly kind: StagedFailure; left: number }[] = [];
  readonly #fields: Field[] = [
    { id: 'f1', name: 'Title', type: 'text' },
    { id: 'f2', name: 'Amount', type: 'number' },
    { id: 'f3', name: 'Tags', type: 'list' },
  ];
  readonly #ledgers = new Map<string, Entry[]>([
    ['main', []],
    ['empty', []],
  ]);

  constructor() {
    for (let n = 1; n <= 12; n += 1) {
      this.#now += 60_000;
      this.#add({ f1: `Entry ${n}`, f2: n / 4, f3: ['a', 'b', 'c'].slice(0, n % 4) });
    }
  }

  get #main(): Entry[] {
    return this.#ledgers.get('main') ?? [];
  }

  /** What the kit may do with it. */
  stage(): ConformanceStage {
    const changed = () => void (this.#version += 1);
    return {
      token: TOKEN,
      wrong_token: 'ledger_token_of_nobody',
      ref: { ledger: 'main' },
      ids: () => this.#main.map(({ id }) => String(id)),
      edit: () => this.#edit({ f1: `Edited at ${this.#now}` }),
      add: () => this.#add({ f1: 'New' }),
      remove: () => (this.#main.splice(4, 1), changed()),
      addField: () => (this.#fields.push({ id: 'f4', name: 'More', type: 'text' }), changed()),
      renameField: () => {
        const [title] = this.#fields;
        if (title !== undefined) title.name = 'Headline';
        changed();
      },
      addUnknownType: () => {
        this.#fields.push({ id: 'f5', name: 'Oracle', type: 'oracle' });
        this.#edit({ f5: { says: 'yes' } });
      },
      addUnconvertible: () => {
        this.#main.push({ id: 7, created: this.#time(), edited: this.#time(), cells: {} });
        changed();
      },
      empty: () => ({ ledger: 'empty' }),
      failNext: (kind, times) => void this.#failing.push({ kind, left: times }),
      loseCursors: () => void (this.#generation += 1),
      advanceClock: (ms) => void (this.#now += ms),
      requests: () => this.requests,
    };
  }

  /** One request. */
  async answer(token: string, path: string, asked: Parameters): Promise<LedgerAnswer> {
    await Promise.resolve();
    this.requests += 1;
    const failing = this.#failing.find(({ left }) => left > 0);
    if (failing !== undefined) failing.left -= 1;
    const kind = failing?.kind;
    if (kind !== undefined && kind !== 'cut-short') return refusal(FAILURES[kind]);
    if (token !== TOKEN) return refusal(401);
    const body = this.#body(path, asked);
    if (typeof body === 'number') return refusal(body);
    const text = JSON.stringify({ ...body, time: this.#time() });
    const half = Math.floor(text.length / 2);
    return { status: 200, text: kind === undefined ? text : text.slice(0, half), retryAfter: null };
  }

  #body(path: string, asked: Parameters): object | number {
    const entries = this.#ledgers.get(String(asked['ledger'] ?? 'main')) ?? [];
    switch (path) {
      case 'me':
        return { name: 'A clerk' };
      case 'fields':
        return { fields: this.#fields };
      case 'version':
        return { version: `v${this.#version}` };
      case 'entries':
        return this.#page(entries, asked);
      case 'entry':
        return { entry: entries.find(({ id }) => id === asked['id']) ?? null };
      case 'clerks':
        return { clerks: ['1', '2', '3'].map((id) => ({ id, name: `Clerk ${id}` })) };
      default:
        return 404;
    }
  }

  #page(all: readonly Entry[], asked: Parameters): object | number {
    const {
      cursor = null,
      limit = LARGEST_PAGE,
      edited_since = null,
      created_since = null,
    } = asked;
    const [generation, place = '0'] = String(cursor ?? `${this.#generation}:0`).split(':');
    if (Number(generation) !== this.#generation) return 410;
    const from = Number(place);
    const to = from + Math.min(LARGEST_PAGE, Number(limit));
    const entries = all.filter(
      ({ created, edited }) =>
        edited >= String(edited_since ?? '') && created >= String(created_since ?? ''),
    );
    const next = to < entries.length ? `${this.#generation}:${to}` : null;
    return { entries: entries.slice(from, to).map(listed), next };
  }

  #add(cells: Entry['cells']): void {
    const id = `e${this.#main.length + 1}`;
    this.#main.push({ id, created: this.#time(), edited: this.#time(), cells });
    this.#version += 1;
  }

  #edit(cells: Entry['cells']): void {
    const [entry] = this.#main.splice(2, 1);
    if (entry === undefined) return;
    const edited = { ...entry, edited: this.#time(), cells: { ...entry.cells, ...cells } };
    this.#main.splice(2, 0, edited);
    this.#version += 1;
  }

  #time = () => new Date(this.#now).toISOString();
}

/** Long lists are cut. */
function listed(entry: Entry): Entry {
  const long = Object.entries(entry.cells).filter(
    ([, value]) => Array.isArray(value) && value.length > LONGEST_LIST,
  );
  if (long.length === 0) return entry;
  const cut = long.map(([id, value]) => [id, (value as unknown[]).slice(0, LONGEST_LIST)]);
  return {
    ...entry,
    cells: { ...entry.cells, ...Object.fromEntries(cut) },
    cut: long.map(([id]) => id),
  };
}

const refusal = (status: number): LedgerAnswer => ({
  status,
  text: '',
  retryAfter: status === 429 ? 3 : null,
});
