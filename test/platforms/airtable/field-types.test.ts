import { describe, expect, it } from '@jest/globals';
import { fieldSchema } from '../../../src/platforms/airtable/answers.ts';
import {
  columnTypeOf,
  fieldTypeOf,
  tellsEditTime,
} from '../../../src/platforms/airtable/field-types.ts';

/** A field as the metadata endpoint describes it. */
const described = (type: string, options?: unknown) =>
  fieldSchema.parse({ id: 'fld8cfZQtRNP5OXu9', name: 'A field', type, options });
const columnType = (type: string, options?: unknown) => columnTypeOf(described(type, options));

const choices = [{ id: 'selX4cKixuDso5PEX', name: 'One', color: 'blueLight2' }];
const dateTime = {
  type: 'dateTime',
  options: { dateFormat: { name: 'local', format: 'l' }, timeZone: 'client' },
};

describe('the column of an Airtable field', () => {
  it.each([
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
    ['multipleSelects', 'text[]'],
    ['multipleRecordLinks', 'text[]'],
    ['singleCollaborator', 'jsonb'],
    ['multipleCollaborators', 'jsonb'],
    ['createdBy', 'jsonb'],
    ['lastModifiedBy', 'jsonb'],
    ['multipleAttachments', 'jsonb'],
    ['multipleLookupValues', 'jsonb'],
    ['aiText', 'jsonb'],
    ['barcode', 'jsonb'],
    ['button', 'jsonb'],
    ['manualSort', 'jsonb'],
    ['somethingUnrecognizable', 'jsonb'],
  ])('of type %s is %s', (type, expected) => {
    expect(columnType(type)).toBe(expected);
  });

  it('has the type of the result that a computed field declares', () => {
    expect(columnType('formula', { isValid: true, result: { type: 'number' } })).toBe('numeric');
    expect(columnType('formula', { result: { type: 'singleLineText' } })).toBe('text');
    expect(columnType('formula', { result: { type: 'checkbox' } })).toBe('boolean');
    expect(columnType('rollup', { result: { type: 'currency' } })).toBe('numeric');
    expect(
      columnType('rollup', { result: { type: 'multipleSelects', options: { choices } } }),
    ).toBe('text[]');
    expect(columnType('createdTime', { result: { type: 'date' } })).toBe('date');
    expect(columnType('lastModifiedTime', { result: dateTime })).toBe('timestamptz');
  });

  it('is jsonb for a computed field without a result, and for lookups whatever their result', () => {
    expect(columnType('formula', { isValid: false, result: null })).toBe('jsonb');
    expect(columnType('multipleLookupValues', { result: { type: 'number' } })).toBe('jsonb');
    expect(columnType('rollup', { result: { type: 'from the future' } })).toBe('jsonb');
  });

  it('is found for a field whose options are like no others', () => {
    expect(columnType('somethingUnrecognizable', { result: 'wacky', and: ['unusual'] })).toBe(
      'jsonb',
    );
    expect(columnType('manualSort', null)).toBe('jsonb');
  });
});

describe('a time of last modification', () => {
  const tells = (options: unknown) => {
    const field = described('lastModifiedTime', options);
    return tellsEditTime({ type: fieldTypeOf(field), column_type: columnTypeOf(field) });
  };

  it('tells when a record was edited only when it covers all fields and has a time of day', () => {
    expect(tells({ isValid: true, referencedFieldIds: [], result: dateTime })).toBe(true);
    expect(tells({ referencedFieldIds: ['fldEHLmq3SvZCvgOT'], result: dateTime })).toBe(false);
    expect(tells({ referencedFieldIds: [], result: { type: 'date' } })).toBe(false);
  });
});
