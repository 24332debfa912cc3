import type { ColumnType } from '../../contract/schema.ts';
import type { FieldDescription } from './answers.ts';

/** Postgres types of fields whose cells say what they are. Every type that is not here is kept as jsonb. */
const COLUMN_TYPES: ReadonlyMap<string, ColumnType> = new Map([
  ['singleLineText', 'text'],
  ['multilineText', 'text'],
  ['richText', 'text'],
  ['email', 'text'],
  ['url', 'text'],
  ['phoneNumber', 'text'],
  ['singleSelect', 'text'],
  ['externalSyncSource', 'text'],
  ['number', 'numeric'],
  ['currency', 'numeric'],
  ['percent', 'numeric'],
  ['duration', 'numeric'],
  ['rating', 'numeric'],
  ['count', 'numeric'],
  ['autoNumber', 'numeric'],
  ['checkbox', 'boolean'],
  ['date', 'date'],
  ['dateTime', 'timestamptz'],
  ['createdTime', 'timestamptz'],
  ['lastModifiedTime', 'timestamptz'],
  ['multipleSelects', 'text[]'],
  ['multipleRecordLinks', 'text[]'],
]);

/** Types whose cells have the type that the options declare as their result. */
const COMPUTED = new Set(['formula', 'rollup', 'createdTime', 'lastModifiedTime']);

export function columnTypeOf({ type, options }: FieldDescription): ColumnType {
  const result = options?.result?.type;
  const known = COMPUTED.has(type) && result !== undefined ? result : type;
  return COLUMN_TYPES.get(known) ?? 'jsonb';
}

/** A time of last modification that covers every field, and one that watches some of them only. */
const LAST_MODIFIED = 'lastModifiedTime';
const LAST_MODIFIED_OF_SOME = 'lastModifiedTime of some fields';

/** The field's own type, told apart where cells of one type mean different things. */
export function fieldTypeOf({ type, options }: FieldDescription): string {
  const watched = options?.referencedFieldIds ?? [];
  return type === LAST_MODIFIED && watched.length > 0 ? LAST_MODIFIED_OF_SOME : type;
}

/** Types that are kept as jsonb because their cells are objects or lists of them. */
const JSON_TYPES = [
  'singleCollaborator',
  'multipleCollaborators',
  'createdBy',
  'lastModifiedBy',
  'multipleAttachments',
  'multipleLookupValues',
  'aiText',
  'barcode',
  'button',
  'manualSort',
];

/** Types of fields that are known, whatever column they get. */
export const KNOWN_TYPES: ReadonlySet<string> = new Set([
  ...COLUMN_TYPES.keys(),
  ...COMPUTED,
  ...JSON_TYPES,
  LAST_MODIFIED_OF_SOME,
]);

/** Whether a field tells when its record was edited last. */
export const tellsEditTime = (field: { readonly type: string; readonly column_type: ColumnType }) =>
  field.type === LAST_MODIFIED && field.column_type === 'timestamptz';
