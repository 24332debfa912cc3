import { FIRST_DAY, LAST_DAY, createRow, createdTime, editedTime, rowTimes } from '../rows.ts';
import type { SimRow } from '../rows.ts';
import { hashText, mix, seededUuid } from '../seeded.ts';
import { NOTION_TOKEN } from '../world-spec.ts';
import type { NotionDatabaseSpec, NotionSourceSpec, NotionSpec } from '../world-spec.ts';
import { createProperty, EVERY_TYPE, FEW } from './properties.ts';
import { seededBot, seededUsers } from './users.ts';
import { findDataSource } from './workspace.ts';
import type {
  NotionDatabase,
  NotionDataSource,
  NotionToken,
  NotionWorkspace,
} from './workspace.ts';

/** Builds the workspace that a spec describes. The same spec and seed give the same ids and values. */
export function buildWorkspace(spec: NotionSpec, seed: number): NotionWorkspace {
  const workspace: NotionWorkspace = {
    id: seededUuid(seed, 1),
    name: 'Simulated workspace',
    users: seededUsers(seed),
    left: new Set(),
    bodies: new Map(),
    tokens: new Map(),
    databases: new Map(),
    dataSources: new Map(),
    version: 1,
  };
  const sources = spec.databases.flatMap((database, place) =>
    addDatabase(workspace, database, mix(seed, place)),
  );
  // Relations and wiki entries name other sources, so they are resolved when all of them exist.
  for (const [source, sourceSpec] of sources) complete(workspace, source, sourceSpec);
  addTokens(workspace, spec, seed);
  return workspace;
}

function addTokens(workspace: NotionWorkspace, spec: NotionSpec, seed: number): void {
  const tokens = spec.tokens ?? [{ token: NOTION_TOKEN }];
  for (const [place, { token, name, shares, users }] of tokens.entries()) {
    const made: NotionToken = {
      token,
      bot: seededBot(seed, place, name ?? `Simulated integration ${place + 1}`),
      users: users ?? 'emails',
      revoked: false,
      shares: shares === undefined ? null : new Set(shares.map((share) => idOf(workspace, share))),
    };
    workspace.tokens.set(token, made);
  }
}

function idOf(workspace: NotionWorkspace, name: string): string {
  const source = findDataSource(workspace, name);
  if (source === undefined) throw new Error(`The world has no data source "${name}"`);
  return source.id;
}

function addDatabase(
  workspace: NotionWorkspace,
  spec: NotionDatabaseSpec,
  seed: number,
): readonly (readonly [NotionDataSource, NotionSourceSpec])[] {
  const own = mix(seed, hashText(spec.title));
  const database: NotionDatabase = {
    id: spec.id ?? seededUuid(own, 0),
    title: spec.title,
    parentPage: seededUuid(own, 1),
    dataSources: [],
    created: FIRST_DAY + (own % 86_400_000),
    edited: LAST_DAY + (own % 86_400_000),
  };
  workspace.databases.set(database.id, database);
  return spec.sources.map((source, place) => {
    const made = emptySource(database, source, mix(own, place + 10));
    database.dataSources.push(made.id);
    workspace.dataSources.set(made.id, made);
    fill(made, source);
    return [made, source] as const;
  });
}

function emptySource(
  database: NotionDatabase,
  spec: NotionSourceSpec,
  seed: number,
): NotionDataSource {
  const generated: SimRow[] = [];
  return {
    id: spec.id ?? seededUuid(mix(seed, 77), 0),
    databaseId: database.id,
    seed,
    awkward: spec.awkward ?? false,
    title: spec.title,
    properties: [],
    rows: [],
    byId: new Map(),
    generated,
    nextIndex: spec.records,
    created: database.created,
    edited: database.edited,
    inTrash: false,
    version: 1,
    rowSet: 1,
    orders: new Map(),
  };
}

function fill(source: NotionDataSource, spec: NotionSourceSpec): void {
  const times = rowTimes(spec);
  const generated = source.generated as SimRow[];
  for (let index = 0; index < spec.records; index += 1) {
    const created = createdTime(times, source.seed, index, spec.records);
    const edited = editedTime(created, source.seed, index);
    const id = seededUuid(source.seed, index);
    const row = createRow({ id, index, created, edited, editedBefore: created, generated: true });
    generated.push(row);
    source.rows.push(row);
    source.byId.set(id, row);
  }
}

function complete(
  workspace: NotionWorkspace,
  source: NotionDataSource,
  spec: NotionSourceSpec,
): void {
  source.properties = propertySpecs(spec).map((property, place) => {
    const target =
      property.to === undefined ? source : workspace.dataSources.get(idOf(workspace, property.to));
    const relation =
      target === undefined ? null : { dataSourceId: target.id, databaseId: target.databaseId };
    return createProperty(property, source.seed, place, true, relation);
  });
  for (const title of spec.wiki ?? []) addWikiEntry(source, idOf(workspace, title));
}

function propertySpecs(spec: NotionSourceSpec) {
  if (spec.properties === 'few') return FEW;
  return spec.properties === undefined || spec.properties === 'every type'
    ? EVERY_TYPE
    : spec.properties;
}

/** A wiki lists data sources among its pages; they are rows without cells. */
function addWikiEntry(source: NotionDataSource, entry: string): void {
  const index = source.nextIndex;
  source.nextIndex += 1;
  const row = createRow({ id: entry, index, created: source.created, entry });
  source.rows.push(row);
  source.byId.set(entry, row);
}
