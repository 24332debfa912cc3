import { hashText, mix, pick, seededUuid } from '../seeded.ts';
import type { NotionPropertySpec } from '../world-spec.ts';

/** A column of a data source, in the inner form that values and configs are made from. */
export interface NotionProperty {
  /** As the API shows it: short and percent-encoded. */
  readonly id: string;
  name: string;
  type: string;
  /** Seeds generated values; null for a property that was added later and starts empty. */
  readonly slot: number | null;
  options: NotionOption[];
  /** Ids of the options when the world began: what generated values draw from. */
  readonly seededOptions: readonly string[];
  readonly relation: { readonly dataSourceId: string; readonly databaseId: string } | null;
  readonly formula: 'string' | 'number' | 'boolean' | 'date';
  readonly rollup: string;
  readonly prefix: string | null;
  readonly format: string;
}

export interface NotionOption {
  readonly id: string;
  name: string;
  readonly color: string;
}

const COLORS = [
  'default',
  'gray',
  'brown',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'red',
];
const ID_CHARACTERS =
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~:;<=>?@[]^`{|}\\"/%';

/** Four characters, often ones that URLs must encode; `title` and `verification` are literal. */
export function propertyId(type: string, seed: number): string {
  if (type === 'title' || type === 'verification') return type;
  const raw = Array.from({ length: 4 }, (_, place) =>
    ID_CHARACTERS.charAt(mix(seed, place) % ID_CHARACTERS.length),
  ).join('');
  return encodeURIComponent(raw);
}

export function createProperty(
  spec: NotionPropertySpec,
  seed: number,
  place: number,
  generated: boolean,
  target: { dataSourceId: string; databaseId: string } | null,
): NotionProperty {
  const own = mix(seed + hashText(spec.name), place);
  const options = (spec.options ?? defaultOptions(spec.type)).map((name, index) => ({
    id: seededUuid(own, index),
    name,
    color: pick(COLORS, own + index),
  }));
  return {
    id: spec.id ?? propertyId(spec.type, own),
    name: spec.name,
    type: spec.type,
    slot: generated ? own : null,
    options,
    seededOptions: options.map((option) => option.id),
    relation: spec.type === 'relation' ? target : null,
    formula: spec.result ?? 'string',
    rollup: spec.function ?? 'count',
    prefix: spec.prefix ?? null,
    format: spec.format ?? 'number',
  };
}

function defaultOptions(type: string): readonly string[] {
  if (type === 'status') return ['Not started', 'In progress', 'Blocked', 'Done'];
  if (type === 'select') return ['✹ High', '✷ Medium', '✶ Low', 'low', 'Low '];
  if (type === 'multi_select') return ['backend', 'design', 'été', '運用', 'quality "A"', '50 %'];
  return [];
}

/** Finds a property by name or id, in either encoding. */
export function findProperty(
  properties: readonly NotionProperty[],
  key: string,
): NotionProperty | undefined {
  return (
    properties.find((property) => property.id === key || decodedId(property) === key) ??
    properties.find((property) => property.name === key)
  );
}

export function decodedId(property: NotionProperty): string {
  return decodeURIComponent(property.id);
}

/** One or more properties of every type that the API documents, and one that it does not. */
export const EVERY_TYPE: readonly NotionPropertySpec[] = [
  { name: 'Name', type: 'title' },
  { name: 'Notes', type: 'rich_text' },
  { name: 'Points', type: 'number' },
  { name: 'Price', type: 'number', format: 'dollar' },
  { name: 'Priority', type: 'select' },
  { name: 'Tags', type: 'multi_select' },
  { name: 'Status', type: 'status' },
  { name: 'Due', type: 'date' },
  { name: 'Owners', type: 'people' },
  { name: 'Files & media', type: 'files' },
  { name: 'Done', type: 'checkbox' },
  { name: 'Link', type: 'url' },
  { name: 'E-mail', type: 'email' },
  { name: 'Phone', type: 'phone_number' },
  { name: 'Related', type: 'relation' },
  { name: 'Related count', type: 'rollup', function: 'count' },
  { name: 'Related points', type: 'rollup', function: 'sum' },
  { name: 'Related names', type: 'rollup', function: 'show_original' },
  { name: 'Related first', type: 'rollup', function: 'earliest_date' },
  { name: 'Label', type: 'formula', result: 'string' },
  { name: 'Score', type: 'formula', result: 'number' },
  { name: 'Is large', type: 'formula', result: 'boolean' },
  { name: 'Review on', type: 'formula', result: 'date' },
  { name: 'Created', type: 'created_time' },
  { name: 'Created by', type: 'created_by' },
  { name: 'Edited', type: 'last_edited_time' },
  { name: 'Edited by', type: 'last_edited_by' },
  { name: 'ID', type: 'unique_id', prefix: 'SKY' },
  { name: 'Verification', type: 'verification' },
  { name: 'Place', type: 'place' },
  { name: 'Run', type: 'button' },
  { name: 'Résumé (IA) 🚀', type: 'ai_block_of_the_future' },
];

export const FEW: readonly NotionPropertySpec[] = [
  { name: 'Name', type: 'title' },
  { name: 'Notes', type: 'rich_text' },
  { name: 'Points', type: 'number' },
  { name: 'Status', type: 'status' },
  { name: 'Tags', type: 'multi_select' },
  { name: 'Due', type: 'date' },
  { name: 'Done', type: 'checkbox' },
  { name: 'Link', type: 'url' },
];
