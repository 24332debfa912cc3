import { floorToMinute } from '../clock.ts';
import type { SimClock } from '../clock.ts';
import { isObject } from '../exchange.ts';
import { createRow } from '../rows.ts';
import type { SimRow } from '../rows.ts';
import { mix, seededUuid } from '../seeded.ts';
import type { NotionPropertySpec } from '../world-spec.ts';
import type { PageBody } from './bodies.ts';
import { emptyValue } from './generated-values.ts';
import { createProperty, findProperty } from './properties.ts';
import type { NotionOption, NotionProperty } from './properties.ts';
import { innerValue } from './property-values.ts';
import { isRichText, plainText, richText } from './rich-text.ts';
import type { NotionUser } from './users.ts';
import { touch } from './workspace.ts';
import type { NotionDataSource, NotionWorkspace } from './workspace.ts';

type Changes = Readonly<Record<string, unknown>>;

/** Changes of the simulated Notion, with the traces that each leaves (or does not leave) behind. */
export class NotionEdits {
  readonly #workspace: NotionWorkspace;
  readonly #clock: SimClock;
  #made = 0;

  constructor(workspace: NotionWorkspace, clock: SimClock) {
    this.#workspace = workspace;
    this.#clock = clock;
  }

  create(source: NotionDataSource, changes: Changes): string {
    const index = source.nextIndex;
    const id = seededUuid(source.seed, index);
    const row = createRow({ id, index, created: this.#clock.now() });
    source.nextIndex += 1;
    this.#insert(source, row);
    this.#write(source, row, changes);
    return id;
  }

  edit(source: NotionDataSource, id: string, changes: Changes): void {
    const row = rowOf(source, id);
    this.#write(source, row, changes);
    this.#moveTime(row);
    touch(this.#workspace, source);
  }

  /** As in the app, or, without moving the time, as edits over the API are said to work. */
  editBody(source: NotionDataSource, id: string, body: PageBody, moveTime: boolean): void {
    const row = rowOf(source, id);
    this.#workspace.bodies.set(id, body);
    if (moveTime) this.#moveTime(row);
    touch(this.#workspace, source);
  }

  /** Leaves the workspace: traces stay, and the list of users does not have them any more. */
  userLeaves(id: string): void {
    this.#workspace.left.add(userOf(this.#workspace, id).id);
    this.#workspace.version += 1;
  }

  renameUser(id: string, name: string): void {
    userOf(this.#workspace, id).name = name;
    this.#workspace.version += 1;
  }

  /** Trash and restore: within one minute the visible time of the last edit stays the same. */
  setTrashed(source: NotionDataSource, id: string, trashed: boolean): void {
    const row = rowOf(source, id);
    row.trashed = trashed;
    if (floorToMinute(row.edited) !== floorToMinute(this.#clock.now())) this.#moveTime(row);
    touch(this.#workspace, source);
  }

  purge(source: NotionDataSource, id: string): void {
    const row = rowOf(source, id);
    source.rows = source.rows.filter((other) => other !== row);
    source.byId.delete(id);
    source.rowSet += 1;
    touch(this.#workspace, source);
  }

  /** Whether a move counts as an edit is undocumented. */
  move(from: NotionDataSource, id: string, to: NotionDataSource, isEdit = true): void {
    const row = rowOf(from, id);
    const values = new Map<string, unknown>();
    for (const property of to.properties) {
      const old = from.properties.find(
        ({ name, type }) => name === property.name && type === property.type,
      );
      // Options are known by id, and the ids of the other source's options are others.
      if (old !== undefined && old.options.length === 0) {
        values.set(property.id, innerValue(this.#workspace, from, row, old));
      }
    }
    this.purge(from, id);
    const { created } = row;
    const edited = isEdit ? this.#clock.now() : row.edited;
    this.#insert(to, createRow({ id, index: to.nextIndex, created, edited, values }));
    to.nextIndex += 1;
  }

  addProperty(source: NotionDataSource, spec: NotionPropertySpec): string {
    this.#made += 1;
    const target = { dataSourceId: source.id, databaseId: source.databaseId };
    const seed = mix(source.seed, 1000 + this.#made);
    const property = createProperty(spec, seed, this.#made, false, target);
    source.properties = [...source.properties, property];
    this.#schemaChanged(source);
    return property.id;
  }

  renameProperty(source: NotionDataSource, key: string, name: string): void {
    propertyOf(source, key).name = name;
    this.#schemaChanged(source);
  }

  removeProperty(source: NotionDataSource, key: string): void {
    const property = propertyOf(source, key);
    source.properties = source.properties.filter((other) => other !== property);
    this.#schemaChanged(source);
  }

  /** Values are converted where they can be, and empty where not; no row counts as edited. */
  changeType(source: NotionDataSource, key: string, type: string): void {
    const property = propertyOf(source, key);
    for (const row of source.rows) {
      const text = asText(innerValue(this.#workspace, source, row, property));
      row.values ??= new Map();
      row.values.set(property.id, fromText(text, type));
    }
    property.type = type;
    this.#schemaChanged(source);
  }

  renameOption(source: NotionDataSource, key: string, option: string, to: string): void {
    optionOf(source, key, option).name = to;
    this.#schemaChanged(source);
  }

  removeOption(source: NotionDataSource, key: string, option: string): void {
    const gone = optionOf(source, key, option);
    const property = propertyOf(source, key);
    property.options = property.options.filter((other) => other !== gone);
    this.#schemaChanged(source);
  }

  renameSource(source: NotionDataSource, title: string): void {
    source.title = title;
    this.#schemaChanged(source);
  }

  #schemaChanged(source: NotionDataSource): void {
    source.edited = this.#clock.now();
    touch(this.#workspace, source);
  }

  #insert(source: NotionDataSource, row: SimRow): void {
    source.rows.push(row);
    source.byId.set(row.id, row);
    source.rowSet += 1;
    touch(this.#workspace, source);
  }

  #moveTime(row: SimRow): void {
    row.editedBefore = row.edited;
    row.edited = this.#clock.now();
  }

  #write(source: NotionDataSource, row: SimRow, changes: Changes): void {
    for (const [key, value] of Object.entries(changes)) {
      const property = propertyOf(source, key);
      row.values ??= new Map();
      row.values.set(property.id, innerForm(property, value));
    }
  }
}

function rowOf(source: NotionDataSource, id: string): SimRow {
  const row = source.byId.get(id);
  if (row === undefined) throw new Error(`${source.title} has no page ${id}`);
  return row;
}

function userOf(workspace: NotionWorkspace, id: string): NotionUser {
  const user = workspace.users.find((one) => one.id === id);
  if (user === undefined) throw new Error(`The world has no user ${id}`);
  return user;
}

function propertyOf(source: NotionDataSource, key: string): NotionProperty {
  const property = findProperty(source.properties, key);
  if (property === undefined) throw new Error(`${source.title} has no property "${key}"`);
  return property;
}

function optionOf(source: NotionDataSource, key: string, option: string): NotionOption {
  const { options } = propertyOf(source, key);
  const found = options.find(({ name, id }) => name === option || id === option);
  if (found === undefined) throw new Error(`${source.title}.${key} has no option "${option}"`);
  return found;
}

/** Texts stand for rich text, names or ids for options, page ids for relations; the rest is as the API has it. */
function innerForm(property: NotionProperty, value: unknown): unknown {
  if (value === null) return emptyValue(property.type);
  switch (property.type) {
    case 'title':
    case 'rich_text':
      return typeof value === 'string' ? richText(value) : value;
    case 'select':
    case 'status':
      return optionId(property, value);
    case 'multi_select':
      return Array.isArray(value) ? value.map((item: unknown) => optionId(property, item)) : [];
    case 'relation':
      return Array.isArray(value)
        ? value.map((item: unknown) => (isObject(item) ? item.id : item))
        : [];
    default:
      return value;
  }
}

/** The id of an option by name or id; an unknown name becomes a new option, as in the real API. */
function optionId(property: NotionProperty, value: unknown): string {
  const wanted = String(isObject(value) ? (value.id ?? value.name) : value);
  const found = property.options.find(({ id, name }) => id === wanted || name === wanted);
  if (found !== undefined) return found.id;
  const id = seededUuid(property.slot ?? 1, 1000 + property.options.length);
  property.options.push({ id, name: wanted, color: 'default' });
  return id;
}

function asText(value: unknown): string {
  if (isRichText(value)) return plainText(value);
  return value === null || typeof value === 'object' ? '' : String(value);
}

function fromText(text: string, type: string): unknown {
  if (type === 'title' || type === 'rich_text') return richText(text);
  if (type === 'number') return text === '' || Number.isNaN(Number(text)) ? null : Number(text);
  if (type === 'checkbox') return text === 'true';
  return text !== '' && ['url', 'email', 'phone_number'].includes(type) ? text : emptyValue(type);
}
