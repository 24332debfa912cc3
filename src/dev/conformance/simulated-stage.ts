import type { ConformanceStage, StagedFailure } from '../../platforms/conformance.ts';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  startSimulator,
  type FaultEffect,
  type Simulator,
  type WorldSpec,
} from '../../sim/simulator.ts';

type SimulatedPlatform = 'notion' | 'airtable';

const SOURCE = 'Records';
const EMPTY = 'Empty';
/** More than one page of either platform. */
const RECORDS = 104;

/** What differs between the two platforms on their stages. */
interface Plan {
  readonly token: string;
  readonly wrong_token: string;
  readonly world: WorldSpec;
  readonly origin: (simulator: Simulator) => string;
  readonly refOf: (externalId: string) => unknown;
  readonly textType: string;
  readonly failures: Readonly<Record<StagedFailure, FaultEffect>>;
  /** The request for a page of records, and a last page of them. */
  readonly listing: RegExp;
  readonly page: (records: readonly object[]) => object;
}

const CUT_SHORT: FaultEffect = { kind: 'truncate', afterBytes: 40 };
const sources = [
  { title: SOURCE, records: RECORDS, awkward: true },
  { title: EMPTY, records: 0 },
];

const PLANS: Readonly<Record<SimulatedPlatform, Plan>> = {
  notion: {
    token: NOTION_TOKEN,
    wrong_token: 'ntn_nobody_has_this_one',
    world: { notion: { databases: [{ title: 'Stage', sources }] } },
    origin: ({ notionUrl }) => notionUrl,
    refOf: (data_source) => ({ data_source }),
    textType: 'rich_text',
    failures: {
      unauthorized: { kind: 'named', name: 'notion unauthorized' },
      'rate-limited': { kind: 'named', name: 'notion rate limited', retryAfter: 2 },
      'server-error': { kind: 'named', name: 'notion unavailable' },
      'cut-short': CUT_SHORT,
    },
    listing: /\/query$/,
    page: (results) => ({ object: 'list', results, next_cursor: null, has_more: false }),
  },
  airtable: {
    token: AIRTABLE_TOKEN,
    wrong_token: 'pat_nobody_has_this_one',
    world: { airtable: { bases: [{ name: 'Stage', tables: sources }] } },
    origin: ({ airtableUrl }) => airtableUrl,
    refOf: (externalId) => {
      const [base, table] = externalId.split('/');
      return { base, table };
    },
    textType: 'singleLineText',
    failures: {
      unauthorized: { kind: 'named', name: 'airtable unauthenticated' },
      'rate-limited': { kind: 'named', name: 'airtable rate limited', retryAfter: 2 },
      'server-error': { kind: 'named', name: 'airtable server error' },
      'cut-short': CUT_SHORT,
    },
    listing: /^\/v0\/app\w+\/tbl/,
    page: (records) => ({ records }),
  },
};

/** The simulated platform, with a source of every type of field and one without records. */
export async function startSimulatedStage(platform: SimulatedPlatform): Promise<ConformanceStage> {
  const plan = PLANS[platform];
  const { token, wrong_token, world: spec, origin, refOf, textType, failures } = plan;
  const simulator = await startSimulator({ world: spec, ...NO_LIMITS });
  const { world, faults, clock, log } = simulator;
  const renamed = world.addProperty(SOURCE, { name: 'Note', type: textType });
  let touched = 0;
  const next = () => {
    const ids = world.ids(SOURCE);
    touched += 1;
    return ids[(touched * 7) % ids.length] ?? '';
  };
  for (let n = 0; n < 3; n += 1) world.editRecord(SOURCE, next(), { [renamed]: `Note ${n}` });
  return {
    token,
    wrong_token,
    base_url: origin(simulator),
    ref: refOf(world.source(SOURCE).externalId),
    ids: () => world.ids(SOURCE),
    edit: () => {
      const id = next();
      world.editRecord(SOURCE, id);
      return id;
    },
    add: () => world.createRecords(SOURCE, 1)[0],
    remove: () => world.deleteRecord(SOURCE, next()),
    addField: () => void world.addProperty(SOURCE, { name: 'New field', type: textType }),
    renameField: () => world.renameProperty(SOURCE, renamed, 'Remark'),
    addUnknownType: () => {
      const id = world.addProperty(SOURCE, { name: 'Oracle', type: 'oracle' });
      world.editRecord(SOURCE, next(), { [id]: { says: 'yes' } });
    },
    addUnconvertible: () => answerWithOddRecord(simulator, plan),
    empty: () => refOf(world.source(EMPTY).externalId),
    failNext: (kind, times) => faults.add({ platform, effect: failures[kind], times }),
    loseCursors: () => simulator.expireCursors(),
    advanceClock: (ms) => clock.advance(ms),
    requests: () => log.count({ platform }),
    close: () => simulator.close(),
  };
}

/** The simulators make no record that is none, so the page on which one stands is given for them. */
function answerWithOddRecord({ world, faults }: Simulator, { listing, page }: Plan): void {
  const records = [...world.truth(SOURCE, { fieldsById: true }).records.values()];
  const body = page([...records, { ...records[0], id: 7 }]);
  const headers = { 'content-type': 'application/json' };
  faults.add({ path: listing, times: 0, effect: { kind: 'answer', status: 200, headers, body } });
}
