import { hashText, mix, pick, seededAirtableId } from '../seeded.ts';
import type { AirtableFieldSpec } from '../world-spec.ts';

/** A column of a table, in the inner form that cells and metadata are made from. */
export interface AirtableField {
  readonly id: string;
  name: string;
  type: string;
  /** Seeds generated cells; null for a field that was added later and starts empty. */
  readonly slot: number | null;
  choices: AirtableChoice[];
  /** Ids of the choices when the world began. */
  readonly seededChoices: readonly string[];
  readonly linkedTable: string | null;
  readonly result: string;
}

export interface AirtableChoice {
  readonly id: string;
  name: string;
  readonly color: string;
}

const COLORS = [
  'blueLight2',
  'cyanLight2',
  'tealLight2',
  'greenLight2',
  'yellowLight2',
  'redLight2',
];

export function createField(
  spec: AirtableFieldSpec,
  seed: number,
  place: number,
  generated: boolean,
  linkedTable: string | null,
): AirtableField {
  const own = mix(seed + hashText(spec.name), place);
  const choices = (spec.choices ?? defaultChoices(spec.type)).map((name, index) => ({
    id: seededAirtableId('sel', own, index),
    name,
    color: pick(COLORS, own + index),
  }));
  return {
    id: spec.id ?? seededAirtableId('fld', own, 0),
    name: spec.name,
    type: spec.type,
    slot: generated ? own : null,
    choices,
    seededChoices: choices.map((choice) => choice.id),
    linkedTable: spec.type === 'multipleRecordLinks' ? linkedTable : null,
    result: spec.result ?? 'text',
  };
}

function defaultChoices(type: string): readonly string[] {
  if (type === 'singleSelect') return ['Todo', 'In progress', 'Done', 'todo', 'Todo '];
  if (type === 'multipleSelects') return ['red', 'green', 'a, b', 'été', '運用', '"quoted"'];
  if (type === 'externalSyncSource') return ['One', 'Two', 'Three'];
  return [];
}

export function findField(
  fields: readonly AirtableField[],
  key: string,
): AirtableField | undefined {
  return fields.find((field) => field.id === key) ?? fields.find((field) => field.name === key);
}

/** Types whose cells the server computes: they cannot be edited, and change without a trace. */
const COMPUTED = new Set([
  'autoNumber',
  'button',
  'count',
  'createdBy',
  'createdTime',
  'externalSyncSource',
  'formula',
  'lastModifiedBy',
  'lastModifiedTime',
  'multipleLookupValues',
  'rollup',
]);

export const isComputed = (field: AirtableField) => COMPUTED.has(field.type);

/** One or more fields of every type that the API documents, and one that it does not. */
export const EVERY_TYPE: readonly AirtableFieldSpec[] = [
  { name: 'Name', type: 'singleLineText' },
  { name: 'Notes', type: 'multilineText' },
  { name: 'Rich notes', type: 'richText' },
  { name: 'Integer', type: 'number' },
  { name: 'Dollars', type: 'currency' },
  { name: 'Percent', type: 'percent' },
  { name: 'Duration', type: 'duration' },
  { name: 'Stars', type: 'rating' },
  { name: 'Done', type: 'checkbox' },
  { name: 'Status', type: 'singleSelect' },
  { name: 'Tags', type: 'multipleSelects' },
  { name: 'Date', type: 'date' },
  { name: 'Date & time', type: 'dateTime' },
  { name: 'E-mail', type: 'email' },
  { name: 'URL', type: 'url' },
  { name: 'Phone', type: 'phoneNumber' },
  { name: 'Attachments', type: 'multipleAttachments' },
  { name: 'Assignee', type: 'singleCollaborator' },
  { name: 'Watchers', type: 'multipleCollaborators' },
  { name: 'Links', type: 'multipleRecordLinks' },
  { name: 'Links (count)', type: 'count' },
  { name: 'Links (names)', type: 'multipleLookupValues' },
  { name: 'Links (sum)', type: 'rollup' },
  { name: 'Formula text', type: 'formula', result: 'text' },
  { name: 'Formula number', type: 'formula', result: 'number' },
  { name: 'Formula check', type: 'formula', result: 'checkbox' },
  { name: 'Formula date', type: 'formula', result: 'date' },
  { name: 'Formula error', type: 'formula', result: 'error' },
  { name: 'Formula NaN', type: 'formula', result: 'special' },
  { name: 'Autonumber', type: 'autoNumber' },
  { name: 'Barcode', type: 'barcode' },
  { name: 'Open URL', type: 'button' },
  { name: 'AI text', type: 'aiText' },
  { name: 'Sync source', type: 'externalSyncSource' },
  { name: 'Created', type: 'createdTime' },
  { name: 'Created by', type: 'createdBy' },
  { name: 'Last modified', type: 'lastModifiedTime' },
  { name: 'Last modified by', type: 'lastModifiedBy' },
  { name: 'Record sort', type: 'manualSort' },
  { name: 'Mystère 🚀', type: 'fieldOfTheFuture' },
];

export const FEW: readonly AirtableFieldSpec[] = [
  { name: 'Name', type: 'singleLineText' },
  { name: 'Notes', type: 'multilineText' },
  { name: 'Amount', type: 'currency' },
  { name: 'Status', type: 'singleSelect' },
  { name: 'Tags', type: 'multipleSelects' },
  { name: 'Date', type: 'date' },
  { name: 'Done', type: 'checkbox' },
  { name: 'Last modified', type: 'lastModifiedTime' },
];
