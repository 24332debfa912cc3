import type { SimClock } from './clock.ts';
import { isObject } from './exchange.ts';
import type { JsonObject, SimAnswer } from './exchange.ts';
import { FAULT_ANSWERS } from './fault-answers.ts';
import type { Fault, FaultEffect, FaultPlan, Storm } from './faults.ts';
import type { RequestLog } from './request-log.ts';
import type { SimWorld } from './world.ts';

/** What another process may look at and change over HTTP. */
export interface Controlled {
  readonly world: SimWorld;
  readonly log: RequestLog;
  readonly faults: FaultPlan;
  readonly clock: SimClock;
  readonly knobs: { readonly notion: object; readonly airtable: object };
  readonly expireCursors: () => void;
}

/**
 * The operations of `POST /_sim/edit`. Each is the world's function of that name, and its arguments
 * stand under these keys of the body.
 */
const EDITS = {
  createRecords: ['source', 'records'],
  editRecord: ['source', 'id', 'changes'],
  editProperty: ['source', 'id', 'property', 'value'],
  editBody: ['source', 'id', 'markdown', 'how'],
  userLeaves: ['id'],
  renameUser: ['id', 'name'],
  editSome: ['source', 'count'],
  deleteRecord: ['source', 'id'],
  restoreRecord: ['source', 'id'],
  purgeRecord: ['source', 'id'],
  moveRecord: ['source', 'id', 'target', 'isEdit'],
  addProperty: ['source', 'spec'],
  renameProperty: ['source', 'property', 'to'],
  removeProperty: ['source', 'property'],
  changePropertyType: ['source', 'property', 'type'],
  renameOption: ['source', 'property', 'option', 'to'],
  removeOption: ['source', 'property', 'option'],
  renameSource: ['source', 'title'],
  setShared: ['source', 'token', 'shared'],
  setRevoked: ['token', 'revoked'],
} as const satisfies Partial<Record<keyof SimWorld, readonly string[]>>;

/** Answers requests under `/_sim/`: sources, truth, body, log, edit, faults, storm, knobs, clock, cursors. */
export function createControl(controlled: Controlled) {
  return async (method: string, url: URL, body: string): Promise<SimAnswer> => {
    try {
      const given: unknown = body === '' ? {} : JSON.parse(body);
      if (!isObject(given) && !Array.isArray(given))
        throw new Error('The body should be an object');
      const result = act(
        controlled,
        `${method} ${url.pathname.slice('/_sim/'.length)}`,
        url,
        given,
      );
      return { status: 200, body: result ?? { ok: true } };
    } catch (error) {
      return {
        status: 400,
        body: { error: error instanceof Error ? error.message : String(error) },
      };
    }
  };
}

function act(
  { world, log, faults, clock, knobs, expireCursors }: Controlled,
  operation: string,
  url: URL,
  body: JsonObject | readonly unknown[],
): unknown {
  const given = isObject(body) ? body : {};
  switch (operation) {
    case 'GET sources':
      return { sources: world.sources(), tokens: world.tokens() };
    case 'GET truth':
      return truth(world, url);
    case 'GET body':
      return {
        markdown: world.body(
          url.searchParams.get('source') ?? '',
          url.searchParams.get('id') ?? '',
        ),
      };
    case 'GET log':
      return { requests: log.requests(), writes: log.writes().length };
    case 'DELETE log':
      return log.clear();
    case 'POST edit':
      return edit(world, given);
    case 'POST faults':
      return faults.add(...((Array.isArray(body) ? body : [body]) as readonly Fault[]).map(fault));
    case 'POST storm':
      return faults.storm(given as unknown as Storm);
    case 'DELETE faults':
      return faults.clear();
    case 'GET knobs':
      return knobs;
    case 'POST knobs':
      Object.assign(knobs.notion, given.notion);
      Object.assign(knobs.airtable, given.airtable);
      return knobs;
    case 'POST clock':
      clock.advance(Number(given.advance_ms ?? 0));
      return { now: new Date(clock.now()).toISOString() };
    case 'POST expire-cursors':
      return expireCursors();
    default:
      throw new Error(`Unknown operation: ${operation}`);
  }
}

const EFFECTS: readonly FaultEffect['kind'][] = [
  'answer',
  'named',
  'stall headers',
  'stall body',
  'truncate',
  'reset',
  'delay',
  'repeat cursor',
];

/** A fault that came over HTTP: its path is a part of paths, and its effect must be known. */
function fault(given: Fault): Fault {
  const effect = isObject(given.effect) ? given.effect : { kind: undefined };
  if (!EFFECTS.some((kind) => kind === effect.kind)) {
    throw new Error(`effect.kind should be one of ${EFFECTS.join(', ')}`);
  }
  if (given.effect.kind === 'named' && !(given.effect.name in FAULT_ANSWERS)) {
    throw new Error(`effect.name should be one of ${Object.keys(FAULT_ANSWERS).join(', ')}`);
  }
  return given;
}

function truth(world: SimWorld, url: URL): unknown {
  const source = url.searchParams.get('source') ?? '';
  if (url.searchParams.get('ids_only') === 'true') return { ids: world.ids(source) };
  const fieldsById = url.searchParams.get('fields_by_id') === 'true';
  const { ids, records, trashed } = world.truth(source, { fieldsById });
  return { ids, trashed, records: Object.fromEntries(records) };
}

function edit(world: SimWorld, given: JsonObject): unknown {
  const name = String(given.operation);
  if (!(name in EDITS)) {
    throw new Error(`operation should be one of ${Object.keys(EDITS).join(', ')}`);
  }
  const operation = name as keyof typeof EDITS;
  const args = EDITS[operation].map((key) => given[key]);
  const run = world[operation] as (...values: unknown[]) => unknown;
  return { result: run.apply(world, args) ?? null };
}
