import type { AirtableField } from './fields.ts';
import type { AirtableTable } from './bases.ts';

/** A field as the metadata endpoint describes it. */
export function fieldSchema(table: AirtableTable, field: AirtableField): Record<string, unknown> {
  const options = fieldOptions(table, field);
  return {
    type: field.type,
    ...(options === undefined ? {} : { options }),
    id: field.id,
    name: field.name,
  };
}

const DATE_FORMAT = { dateFormat: { name: 'iso', format: 'YYYY-MM-DD' } };
const DATE_TIME_FORMAT = {
  ...DATE_FORMAT,
  timeFormat: { name: '24hour', format: 'HH:mm' },
  timeZone: 'utc',
};

/** Results of formulas as the metadata tells them. */
const RESULTS: Readonly<Record<string, unknown>> = {
  text: { type: 'singleLineText' },
  number: { type: 'number', options: { precision: 2 } },
  checkbox: { type: 'number', options: { precision: 0 } },
  date: { type: 'dateTime', options: DATE_TIME_FORMAT },
  error: { type: 'number', options: { precision: 0 } },
  special: { type: 'number', options: { precision: 0 } },
};

const SIMPLE_OPTIONS: Readonly<Record<string, unknown>> = {
  number: { precision: 2 },
  currency: { precision: 2, symbol: '$' },
  percent: { precision: 1 },
  duration: { durationFormat: 'h:mm:ss' },
  rating: { icon: 'star', max: 5, color: 'yellowBright' },
  checkbox: { icon: 'check', color: 'greenBright' },
  date: DATE_FORMAT,
  dateTime: DATE_TIME_FORMAT,
  createdTime: { result: { type: 'dateTime', options: DATE_TIME_FORMAT } },
  multipleAttachments: { isReversed: false },
  manualSort: null,
  fieldOfTheFuture: { something: 'new', and: ['unusual'] },
};

function fieldOptions(table: AirtableTable, field: AirtableField): unknown {
  const primary = table.fields[0]?.id ?? '';
  switch (field.type) {
    case 'singleSelect':
    case 'multipleSelects':
    case 'externalSyncSource':
      return { choices: field.choices.map(({ id, name, color }) => ({ id, name, color })) };
    case 'multipleRecordLinks':
      return {
        linkedTableId: field.linkedTable,
        isReversed: false,
        prefersSingleRecordLink: false,
      };
    case 'formula':
      return {
        formula: `{${primary}} & ""`,
        isValid: true,
        referencedFieldIds: [primary],
        result: RESULTS[field.result],
      };
    case 'lastModifiedTime':
      return {
        isValid: true,
        referencedFieldIds: [],
        result: { type: 'dateTime', options: DATE_TIME_FORMAT },
      };
    case 'aiText':
      return { prompt: [{ field: { fieldId: primary } }], referencedFieldIds: [primary] };
    default:
      return linkedOptions(table, field.type) ?? SIMPLE_OPTIONS[field.type];
  }
}

/** Options of the types that look at linked records, through the first link field. */
function linkedOptions(table: AirtableTable, type: string): unknown {
  const link = table.fields.find((other) => other.type === 'multipleRecordLinks');
  const links = { isValid: link !== undefined, recordLinkFieldId: link?.id ?? null };
  const fieldIdInLinkedTable = table.fields[0]?.id ?? '';
  if (type === 'count') return links;
  if (type === 'multipleLookupValues') {
    return { ...links, fieldIdInLinkedTable, result: { type: 'singleLineText' } };
  }
  if (type !== 'rollup') return undefined;
  return { ...links, fieldIdInLinkedTable, referencedFieldIds: [], result: RESULTS.number };
}
