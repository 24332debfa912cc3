import type { AirtableAccount, AirtableBase, AirtableTable } from './airtable/bases.ts';
import { findTableAnywhere } from './airtable/bases.ts';
import type { CellView } from './airtable/cells.ts';
import { AirtableEdits } from './airtable/edits.ts';
import { recordObject } from './airtable/list-records.ts';
import type { SimClock } from './clock.ts';
import type { Platform } from './exchange.ts';
import { bodyOf } from './notion/bodies.ts';
import { NotionEdits } from './notion/edits.ts';
import { pageObject } from './notion/objects.ts';
import type { ObjectView } from './notion/objects.ts';
import { findDataSource } from './notion/workspace.ts';
import type { NotionDataSource, NotionWorkspace } from './notion/workspace.ts';
import type { SimRow } from './rows.ts';
import { mix } from './seeded.ts';
import type { AirtableFieldSpec, NotionPropertySpec } from './world-spec.ts';

/** A source of the world: a Notion data source or an Airtable table. */
export interface SimSource {
  readonly platform: Platform;
  readonly title: string;
  /** Data source id, or `app…/tbl…`. Unique; titles need not be. */
  readonly externalId: string;
  /** Records that a listing shows now. */
  readonly records: number;
}

/** What a source holds now; tables are compared with it. */
export interface SourceTruth {
  readonly ids: readonly string[];
  /** Each record as the API would give it now, with relations whole. */
  readonly records: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly trashed: readonly string[];
}

/** New values of cells by name or id of the property or field; see the platforms' edits. */
export type CellChanges = Readonly<Record<string, unknown>>;

/** How a body is edited. */
export interface BodyEdit {
  /** Whether the page counts as edited; default true. */
  readonly moveTime?: boolean;
  readonly truncated?: boolean;
  readonly unknownBlocks?: readonly string[];
}

interface Views {
  readonly notion: () => ObjectView;
  readonly airtable: (table: AirtableTable) => CellView;
}

type Found =
  | { readonly platform: 'notion'; readonly source: NotionDataSource; readonly rows: SimRow[] }
  | {
      readonly platform: 'airtable';
      readonly base: AirtableBase;
      readonly table: AirtableTable;
      readonly rows: SimRow[];
    };

/**
 * Everything that the simulated platforms hold, and every way to change it. A source is named by its
 * title, its data source id, its table id or `app…/tbl…`.
 */
export class SimWorld {
  readonly #workspace: NotionWorkspace;
  readonly #account: AirtableAccount;
  readonly #seed: number;
  readonly #views: Views;
  readonly #notion: NotionEdits;
  readonly #airtable: AirtableEdits;
  #touched = 0;

  constructor(
    workspace: NotionWorkspace,
    account: AirtableAccount,
    clock: SimClock,
    seed: number,
    views: Views,
  ) {
    this.#workspace = workspace;
    this.#account = account;
    this.#seed = seed;
    this.#views = views;
    this.#notion = new NotionEdits(workspace, clock);
    this.#airtable = new AirtableEdits(clock);
  }

  sources(): readonly SimSource[] {
    const live = (rows: readonly SimRow[]) => rows.filter(isLiveRecord).length;
    const notion = [...this.#workspace.dataSources.values()].map((source) => ({
      platform: 'notion' as const,
      title: source.title,
      externalId: source.id,
      records: live(source.rows),
    }));
    const airtable = [...this.#account.bases.values()].flatMap((base) =>
      base.tables.map((table) => ({
        platform: 'airtable' as const,
        title: table.name,
        externalId: `${base.id}/${table.id}`,
        records: live(table.rows),
      })),
    );
    return [...notion, ...airtable];
  }

  /** One source, by any of its names. */
  source(name: string): SimSource {
    const found = this.#find(name);
    const externalId =
      found.platform === 'notion' ? found.source.id : `${found.base.id}/${found.table.id}`;
    const source = this.sources().find((candidate) => candidate.externalId === externalId);
    if (source === undefined) throw new Error(`The world has no source "${name}"`);
    return source;
  }

  /** Tokens that work now. */
  tokens(): { readonly notion: readonly string[]; readonly airtable: readonly string[] } {
    const working = (tokens: ReadonlyMap<string, { readonly revoked: boolean }>) =>
      [...tokens].filter(([, { revoked }]) => !revoked).map(([token]) => token);
    return {
      notion: working(this.#workspace.tokens),
      airtable: working(this.#account.tokens),
    };
  }

  /** Ids of the records that a listing shows now, in the order of creation. */
  ids(name: string): readonly string[] {
    return this.#find(name)
      .rows.filter(isLiveRecord)
      .map((row) => row.id);
  }

  /** All live records as the API would give them now; `fieldsById` as with returnFieldsByFieldId. */
  truth(name: string, shape: { readonly fieldsById?: boolean } = {}): SourceTruth {
    const found = this.#find(name);
    const live = found.rows.filter(isLiveRecord);
    return {
      ids: live.map((row) => row.id),
      records: new Map(live.map((row) => [row.id, this.#render(found, row, shape.fieldsById)])),
      trashed: found.rows.filter((row) => row.trashed).map((row) => row.id),
    };
  }

  /** One record as the API would give it now, trashed or not; undefined when it is gone. */
  record(name: string, id: string): Readonly<Record<string, unknown>> | undefined {
    const found = this.#find(name);
    const row = (found.platform === 'notion' ? found.source : found.table).byId.get(id);
    return row === undefined ? undefined : this.#render(found, row);
  }

  /** Makes records now, so many or with the given cells; the rest of their cells is empty. */
  createRecords(name: string, records: number | readonly CellChanges[]): readonly string[] {
    const found = this.#find(name);
    const changes =
      typeof records === 'number'
        ? Array.from({ length: records }, () => ({ ...this.#anyChange(found) }))
        : records;
    return changes.map((change) =>
      found.platform === 'notion'
        ? this.#notion.create(found.source, change)
        : this.#airtable.create(found.table, change),
    );
  }

  /** Edits one record now; without changes its first text cell gets a new text. */
  editRecord(name: string, id: string, changes?: CellChanges): void {
    const found = this.#find(name);
    const change = changes ?? this.#anyChange(found);
    if (found.platform === 'notion') this.#notion.edit(found.source, id, change);
    else this.#airtable.edit(found.table, id, change);
  }

  /** Gives a page another body, in markdown; `how` says what the answer tells of it. */
  editBody(name: string, id: string, markdown: string, how: BodyEdit = {}): void {
    const found = this.#find(name);
    if (found.platform !== 'notion') throw new Error('Only Notion pages have a body');
    const { moveTime = true, truncated = false, unknownBlocks = [] } = how;
    this.#notion.editBody(found.source, id, { markdown, truncated, unknownBlocks }, moveTime);
  }

  /** A page's body as it is now, in markdown. */
  body(name: string, id: string): string {
    const found = this.#find(name);
    const row = found.platform === 'notion' ? found.source.byId.get(id) : undefined;
    if (found.platform !== 'notion' || row === undefined) throw new Error(`No page ${id}`);
    return bodyOf(this.#workspace, found.source, row).markdown;
  }

  /** Ids of the people and bots of the Notion workspace, without those who left and the tokens' own bots. */
  userIds(): readonly string[] {
    const { users, left } = this.#workspace;
    return users.map(({ id }) => id).filter((id) => !left.has(id));
  }

  /** A user leaves the Notion workspace. */
  userLeaves(id: string): void {
    this.#notion.userLeaves(id);
  }

  renameUser(id: string, name: string): void {
    this.#notion.renameUser(id, name);
  }

  editProperty(name: string, id: string, property: string, value: unknown): void {
    this.editRecord(name, id, { [property]: value });
  }

  /** Edits so many records, chosen by the seed; returns their ids. */
  editSome(name: string, count: number): readonly string[] {
    const ids = this.ids(name);
    this.#touched += 1;
    const start = mix(this.#seed, this.#touched);
    const chosen = new Set<string>();
    for (let i = 0; chosen.size < Math.min(count, ids.length); i += 1) {
      const id = ids[mix(start, i) % ids.length];
      if (id !== undefined) chosen.add(id);
    }
    for (const id of chosen) this.editRecord(name, id);
    return [...chosen];
  }

  /** To the trash: gone from listings; a page can still be retrieved, a record cannot. */
  deleteRecord(name: string, id: string): void {
    this.#setTrashed(name, id, true);
  }

  /** Back from the trash, with no guarantee that the time of the last edit moves. */
  restoreRecord(name: string, id: string): void {
    this.#setTrashed(name, id, false);
  }

  /** Gone for good: 404. */
  purgeRecord(name: string, id: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.purge(found.source, id);
    else this.#airtable.purge(found.table, id);
  }

  /** Moves a page to another data source; it keeps its id and the cells whose property exists there. `isEdit`: its time moves. */
  moveRecord(name: string, id: string, target: string, isEdit = true): void {
    const from = this.#find(name);
    const to = this.#find(target);
    if (from.platform !== 'notion' || to.platform !== 'notion') {
      throw new Error('Only Notion pages move');
    }
    this.#notion.move(from.source, id, to.source, isEdit);
  }

  /** Adds an empty property or field; returns its id. */
  addProperty(name: string, spec: NotionPropertySpec & AirtableFieldSpec): string {
    const found = this.#find(name);
    return found.platform === 'notion'
      ? this.#notion.addProperty(found.source, spec)
      : this.#airtable.addField(found.table, spec);
  }

  /** The id stays, and no record counts as edited. */
  renameProperty(name: string, property: string, to: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.renameProperty(found.source, property, to);
    else this.#airtable.renameField(found.table, property, to);
  }

  removeProperty(name: string, property: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.removeProperty(found.source, property);
    else this.#airtable.removeField(found.table, property);
  }

  /** In place, keeping the id: numbers become texts, texts become numbers where they can. */
  changePropertyType(name: string, property: string, type: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.changeType(found.source, property, type);
    else this.#airtable.changeType(found.table, property, type);
  }

  /** Renames an option or choice; no record counts as edited, and Airtable's cells show the new name. */
  renameOption(name: string, property: string, option: string, to: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.renameOption(found.source, property, option, to);
    else this.#airtable.renameChoice(found.table, property, option, to);
  }

  /** Removes an option or choice; it vanishes from every cell, and no record counts as edited. */
  removeOption(name: string, property: string, option: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.removeOption(found.source, property, option);
    else this.#airtable.removeChoice(found.table, property, option);
  }

  renameSource(name: string, title: string): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.renameSource(found.source, title);
    else found.table.name = title;
  }

  /** Takes a source (for Airtable: its base) from a token, or gives it back. */
  setShared(name: string, token: string, shared: boolean): void {
    const found = this.#find(name);
    const holder =
      found.platform === 'notion'
        ? this.#workspace.tokens.get(token)
        : this.#account.tokens.get(token);
    if (holder === undefined) throw new Error(`The world has no token "${token}"`);
    const everything =
      found.platform === 'notion' ? this.#workspace.dataSources : this.#account.bases;
    holder.shares ??= new Set(everything.keys());
    const id = found.platform === 'notion' ? found.source.id : found.base.id;
    if (shared) holder.shares.add(id);
    else holder.shares.delete(id);
  }

  /** From now on 401; or valid again. */
  setRevoked(token: string, revoked: boolean): void {
    const holder = this.#workspace.tokens.get(token) ?? this.#account.tokens.get(token);
    if (holder === undefined) throw new Error(`The world has no token "${token}"`);
    holder.revoked = revoked;
  }

  #find(name: string): Found {
    const source = findDataSource(this.#workspace, name);
    if (source !== undefined) return { platform: 'notion', source, rows: source.rows };
    const found = findTableAnywhere(this.#account, name);
    if (found === undefined) throw new Error(`The world has no source "${name}"`);
    return { platform: 'airtable', ...found, rows: found.table.rows };
  }

  #render(found: Found, row: SimRow, byId = false): Readonly<Record<string, unknown>> {
    return found.platform === 'notion'
      ? pageObject(this.#views.notion(), found.source, row)
      : recordObject(this.#views.airtable(found.table), row, found.table.fields, byId);
  }

  #setTrashed(name: string, id: string, trashed: boolean): void {
    const found = this.#find(name);
    if (found.platform === 'notion') this.#notion.setTrashed(found.source, id, trashed);
    else this.#airtable.setTrashed(found.table, id, trashed);
  }

  #anyChange(found: Found): CellChanges {
    this.#touched += 1;
    const columns = found.platform === 'notion' ? found.source.properties : found.table.fields;
    const text = columns.find(({ type }) => type === 'title' || type === 'singleLineText');
    return text === undefined ? {} : { [text.id]: `Edited ${this.#touched}` };
  }
}

const isLiveRecord = (row: SimRow) => !row.trashed && row.entry === null;
