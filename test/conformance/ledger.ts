import type { ConvertedRecord } from '../../src/contract/schema.ts';
import type {
  BatchRequest,
  Column,
  FetchedBatch,
  Kit,
  Platform,
  PlatformSession,
  ScanWindow,
  SourceRef,
} from '../../src/platforms/plugin.ts';
import { LedgerServer, type Entry, type LedgerAnswer, type Parameters } from './ledger-server.ts';

interface Answer {
  readonly time: string;
  readonly name?: string;
  readonly version?: string;
  readonly fields?: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string;
  }[];
  readonly entries?: readonly Entry[];
  readonly entry?: Entry | null;
  readonly clerks?: readonly unknown[];
  readonly next?: string | null;
}

type Ask = (path: string, parameters?: Parameters) => Promise<Answer>;

const COLUMN_TYPES = { text: 'text', number: 'numeric', list: 'text[]' } as const;
const LARGEST_PAGE = 5;

/** A platform with every capability over a server in memory, made as plug-ins are: what the kit is tried on. */
export function createLedger(kit: Kit): Platform {
  // Each stage has a server, which the address stands for.
  const servers = new Map<string, LedgerServer>();
  const createConverter = (columns: readonly Column[]) => converterOf(kit, columns);
  return {
    interface_version: 1,
    name: 'ledger',
    title: 'Ledger',
    environment: { token: ['LEDGER_TOKEN'] },
    plans: { free: 5 },
    overlap_ms: 1_000,
    located_at_once: 4,
    parseRef,
    externalId: ({ ledger, list }) => ledger ?? `list/${list}`,
    knownTypes: new Set(Object.keys(COLUMN_TYPES)),
    createConverter: (columns, ref) =>
      ref?.['list'] === undefined
        ? createConverter(columns)
        : kit.createEntryConverter(CLERKS, columns),
    contentFormats: ({ list }) => (list === undefined ? ['markdown'] : []),
    listings: [{ name: 'clerks', ref: { list: 'clerks' }, about: 'those who write' }],
    connect(connection, requests): PlatformSession {
      const { token, fingerprint, base_url = '' } = connection;
      const rules = [kit.perSecond(`ledger:${fingerprint}`, 5)];
      const ask: Ask = (path, parameters = {}) =>
        requests.send(rules, async (signal) => {
          const server = servers.get(base_url);
          if (server === undefined) throw new Error('there is no such server');
          const answer = await server.answer(token, path, parameters);
          signal.throwIfAborted();
          return bodyOf(kit, answer, path);
        });
      return sessionOf(kit, ask);
    },
    conformance: async () => {
      const server = new LedgerServer();
      const base_url = `ledger ${servers.size + 1}`;
      servers.set(base_url, server);
      return { ...server.stage(), base_url };
    },
  };
}

function parseRef(ref: unknown): SourceRef {
  const entries = typeof ref === 'object' && ref !== null ? Object.entries(ref) : [];
  const [[key, value] = ['', null]] = entries;
  const isRef = (key === 'ledger' || key === 'list') && typeof value === 'string' && value !== '';
  if (entries.length !== 1 || !isRef) throw new Error('ref should be { ledger: <name> }');
  return { [key]: value };
}

function bodyOf(kit: Kit, { status, text, retryAfter }: LedgerAnswer, what: string): Answer {
  const types = { 401: 'Unauthorized', 410: 'CursorLost', 429: 'RateLimited' } as const;
  if (status !== 200) {
    const type = types[status as keyof typeof types] ?? 'Unavailable';
    const retryAfterMs = retryAfter === null ? undefined : retryAfter * 1_000;
    throw new kit.SyncFailure(type, `the ledger refuses ${what} (${status})`, { retryAfterMs });
  }
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new kit.SyncFailure('Unavailable', `the ledger's answer for ${what} is not whole`);
  }
}

function sessionOf(kit: Kit, ask: Ask): PlatformSession {
  const entryOf = async (ref: SourceRef, id: string) =>
    (await ask('entry', { ...ref, id })).entry ?? null;
  return {
    identify: async () => ({ name: (await ask('me')).name ?? '', workspace: null }),
    async *discover() {
      await ask('me');
      for (const ledger of ['main', 'empty']) {
        yield { title: `Ledger ${ledger}`, ref: { ledger }, external_id: ledger };
      }
    },
    describe: async (ref) => {
      const { fields = [], time: server_time } = await ask('fields');
      if (ref['list'] !== undefined) {
        const list = { title: 'Clerks', external_id: 'list/clerks', server_time };
        return { ...list, fields: kit.listingFields(CLERKS) };
      }
      const external_id = ref['ledger'] ?? '';
      return {
        title: `Ledger ${external_id}`,
        external_id,
        server_time,
        fields: fields.map(fieldOf),
      };
    },
    planScan: () => [kit.openWindow(0, { lower: null })],
    fetchBatch: (request) =>
      request.ref['list'] === undefined
        ? fetchEntries(kit, ask, request)
        : fetchClerks(kit, ask, request),
    readVersion: async () => {
      const { version = '', time: server_time } = await ask('version');
      return { version, server_time };
    },
    readValue: async (ref, id, column) => ({
      text: kit.cellText((await entryOf(ref, id))?.cells[column.id], column.column_type) ?? null,
    }),
    locate: async (ref, ids, columns) => {
      const convert = converterOf(kit, columns);
      const places = ids.map(async (id) => {
        const entry = await entryOf(ref, id);
        return [
          id,
          entry === null
            ? ({ state: 'trashed' } as const)
            : ({ state: 'present', record: convert(entry) } as const),
        ] as const;
      });
      return new Map(await Promise.all(places));
    },
    editedSince: async (ref, ids, since) => {
      const edited = await Promise.all(ids.map((id) => entryOf(ref, id)));
      return new Set(
        edited.flatMap((entry) =>
          entry !== null && entry.edited >= since ? [String(entry.id)] : [],
        ),
      );
    },
    listFrom: (created) => kit.openWindow(0, { lower: created }),
    readContent: async (ref, id) => {
      const { entry, time: read_at } = await ask('entry', { ...ref, id });
      return { text: `# ${String(entry?.cells['f1'])}`, note: null, read_at };
    },
  };
}

const fieldOf = (field: { readonly id: string; readonly name: string; readonly type: string }) => ({
  ...field,
  column_type: COLUMN_TYPES[field.type as keyof typeof COLUMN_TYPES] ?? ('jsonb' as const),
});

async function fetchEntries(kit: Kit, ask: Ask, request: BatchRequest): Promise<FetchedBatch> {
  const { ref, since, mode, window, columns, max_records, isTimeUp } = request;
  const sorted = kit.sortOut(converterOf(kit, columns), kit.recordHash);
  let at: ScanWindow = window;
  do {
    const left = max_records - sorted.size();
    const { entries = [], next = null } = await ask('entries', {
      ...ref,
      cursor: at.cursor,
      limit: Math.min(LARGEST_PAGE, left),
      edited_since: mode === 'incremental' ? since : null,
      created_since: window.lower,
    });
    for (const entry of entries) sorted.take(entry);
    at = { ...at, cursor: next, done: next === null };
  } while (!at.done && sorted.size() < max_records && !isTimeUp());
  return {
    records: sorted.records(),
    rejected: sorted.rejected(),
    windows: [{ ...at, next_batch: window.next_batch + 1 }],
    evidence: { ...kit.NO_EVIDENCE, gaps: sorted.gaps(mode) },
    counts: { entries: sorted.size() },
  };
}

const CLERKS = {
  what: 'the list of clerks',
  idOf: ({ id }: Readonly<Record<string, unknown>>) => id,
  fields: [
    {
      id: 'name',
      column_type: 'text' as const,
      valueOf: ({ name }: Readonly<Record<string, unknown>>) => name,
    },
  ],
};

async function fetchClerks(kit: Kit, ask: Ask, request: BatchRequest): Promise<FetchedBatch> {
  const { clerks = [] } = await ask('clerks');
  const sorted = kit.sortEntries(CLERKS, request.columns);
  for (const clerk of clerks) sorted.take(clerk);
  return {
    records: sorted.records(),
    rejected: sorted.rejected(),
    windows: [kit.listedTo(request.window, clerks.length, null, 'the list of clerks')],
    evidence: { ...kit.NO_EVIDENCE, gaps: sorted.gaps('full') },
  };
}

function converterOf(kit: Kit, columns: readonly Column[]): (entry: unknown) => ConvertedRecord {
  return (entry) => {
    const { id, created, edited, cells, cut = [] } = (entry ?? {}) as Entry;
    const isEntry = typeof id === 'string' && /^e\d+$/.test(id);
    if (!isEntry || typeof cells !== 'object' || cells === null || !Array.isArray(cut)) {
      throw new kit.SyncFailure('InvalidAnswer', 'the ledger gave an entry that is none');
    }
    const { cut: _, ...whole } = entry as Entry;
    return {
      id,
      created_at: kit.momentText(created),
      edited_at: kit.momentText(edited),
      values: columns.map(
        ({ id: field, column_type }) => kit.cellText(cells[field], column_type) ?? null,
      ),
      errors: null,
      truncated: columns.map((column) => column.id).filter((field) => cut.includes(field)),
      raw: JSON.stringify(entry),
      hash: kit.recordHash(whole),
    };
  };
}
