import type { SimRow } from '../rows.ts';
import { mix, pick } from '../seeded.ts';
import type { NotionKnobs } from './knobs.ts';
import { propertyConfigs } from './property-configs.ts';
import type { NotionProperty } from './properties.ts';
import { pageTime, propertyValue, titleOf } from './property-values.ts';
import type { ValueView } from './property-values.ts';
import { richText } from './rich-text.ts';
import { partialUser } from './users.ts';
import type { NotionDatabase, NotionDataSource } from './workspace.ts';

/** How objects are shown to one request. */
export interface ObjectView extends ValueView {
  readonly version: string;
  /** Lengths at which lists are cut; null shows everything, as the truth does. */
  readonly cuts: NotionKnobs | null;
  readonly timeForm: NotionKnobs['timeForm'];
}

const undashed = (id: string) => id.replaceAll('-', '');

/** 2026-03-11 has no `archived`; before, it mirrors `in_trash`. */
const archived = (view: ObjectView, inTrash: boolean) =>
  view.version < '2026-03-11' ? { archived: inTrash } : {};

/** A page, with all properties or only the chosen ones. */
export function pageObject(
  view: ObjectView,
  source: NotionDataSource,
  row: SimRow,
  properties: readonly NotionProperty[] = source.properties,
): Record<string, unknown> {
  const users = view.workspace.users;
  const author = mix(source.seed, row.index);
  const slug = titleOf(view.workspace, source, row).replace(/[^A-Za-z0-9]+/g, '-');
  const values: Record<string, unknown> = {};
  for (const property of properties) {
    values[property.name] = pageProperty(view, source, row, property);
  }
  return {
    object: 'page',
    id: row.id,
    created_time: ownTime(row.created, row, view),
    last_edited_time: ownTime(row.edited, row, view),
    created_by: partialUser(pick(users, author).id),
    last_edited_by: partialUser(pick(users, author + (row.edited % 7)).id),
    cover: null,
    icon: icon(author),
    parent: {
      type: 'data_source_id',
      data_source_id: source.id,
      database_id: source.databaseId,
    },
    in_trash: row.trashed,
    is_archived: false,
    is_locked: false,
    properties: values,
    url: `https://app.notion.com/p/${slug.slice(0, 60)}-${undashed(row.id)}`,
    public_url: null,
    ...archived(view, row.trashed),
  };
}

function ownTime(ms: number, row: SimRow, view: ObjectView): string {
  const time = pageTime(ms, view);
  return view.timeForm === 'mixed' && row.index % 2 === 1 ? time.replace('Z', '+00:00') : time;
}

function icon(hash: number): unknown {
  if (hash % 7 === 0) return { type: 'emoji', emoji: '🧭' };
  if (hash % 7 === 1) {
    return { type: 'external', external: { url: 'https://example.com/icon.png' } };
  }
  return null;
}

function pageProperty(
  view: ObjectView,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): Record<string, unknown> {
  const value = propertyValue(view, source, row, property);
  const shown = { id: property.id, type: property.type, [property.type]: value };
  const cuts = view.cuts;
  if (cuts === null) {
    return property.type === 'relation' ? { ...shown, has_more: false } : shown;
  }
  if (property.type === 'relation') return cutRelation(shown, value, cuts);
  if (property.type === 'people') return { ...shown, people: cut(value, cuts.peopleCut) };
  if (property.type === 'rollup') return { ...shown, rollup: cutRollup(value, cuts.rollupCut) };
  if (property.type === 'title' || property.type === 'rich_text') {
    return { ...shown, [property.type]: cutMentions(value, cuts.mentionCut) };
  }
  return shown;
}

const cut = (value: unknown, length: number): unknown =>
  length > 0 && Array.isArray(value) ? value.slice(0, length) : value;

function cutRelation(shown: Record<string, unknown>, value: unknown, knobs: NotionKnobs) {
  const whole = Array.isArray(value) ? value.length : 0;
  const more = knobs.relationCut > 0 && whole > knobs.relationCut;
  const told = more || knobs.relationHasMore === 'present';
  return { ...shown, relation: cut(value, knobs.relationCut), ...(told ? { has_more: more } : {}) };
}

function cutRollup(value: unknown, length: number): unknown {
  if (typeof value !== 'object' || value === null || !('array' in value)) return value;
  return { ...value, array: cut(value.array, length) };
}

function cutMentions(value: unknown, most: number): unknown {
  if (most === 0 || !Array.isArray(value)) return value;
  let mentions = 0;
  return value.filter((item: unknown) => {
    const mention =
      typeof item === 'object' && item !== null && 'type' in item && item.type === 'mention';
    if (mention) mentions += 1;
    return !mention || mentions <= most;
  });
}

export function dataSourceObject(
  view: ObjectView,
  source: NotionDataSource,
): Record<string, unknown> {
  const author = pick(view.workspace.users, source.seed);
  const database = view.workspace.databases.get(source.databaseId);
  return {
    object: 'data_source',
    id: source.id,
    cover: null,
    icon: null,
    created_time: pageTime(source.created, view),
    created_by: partialUser(author.id),
    last_edited_by: partialUser(author.id),
    last_edited_time: pageTime(source.edited, view),
    title: richText(source.title),
    description: [],
    is_inline: false,
    properties: propertyConfigs(source),
    parent: { type: 'database_id', database_id: source.databaseId },
    database_parent: { type: 'page_id', page_id: database?.parentPage },
    url: `https://app.notion.com/p/${undashed(source.databaseId)}`,
    public_url: null,
    in_trash: source.inTrash,
    ...archived(view, source.inTrash),
  };
}

/** A database: a container without properties; its times are exact and end in `+00:00`, as measured. */
export function databaseObject(
  view: ObjectView,
  database: NotionDatabase,
): Record<string, unknown> {
  const exact = (ms: number) => new Date(ms).toISOString().replace('Z', '+00:00');
  return {
    object: 'database',
    id: database.id,
    title: richText(database.title),
    description: [],
    parent: { type: 'page_id', page_id: database.parentPage },
    is_inline: false,
    in_trash: false,
    is_locked: false,
    created_time: exact(database.created),
    last_edited_time: exact(database.edited),
    data_sources: database.dataSources.flatMap((id) => {
      const source = view.workspace.dataSources.get(id);
      return source === undefined ? [] : [{ id, name: source.title }];
    }),
    icon: null,
    cover: null,
    url: `https://app.notion.com/p/${undashed(database.id)}`,
    public_url: null,
    ...archived(view, false),
  };
}
