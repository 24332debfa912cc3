import { describe, expect, it } from '@jest/globals';
import { describeChanges, type SchemaChange } from '../../src/contract/schema-change.ts';

const change = (given: Partial<SchemaChange> & Pick<SchemaChange, 'kind'>): SchemaChange => ({
  column: null,
  field_id: null,
  from: null,
  to: null,
  ...given,
});

describe('changes of a table in words', () => {
  it('name columns, a few of each kind', () => {
    expect(
      describeChanges([
        change({ kind: 'renamed', column: 'state', from: 'status', to: 'state' }),
        change({ kind: 'added', column: 'a' }),
        change({ kind: 'added', column: 'b' }),
        change({ kind: 'retyped', column: 'amount', from: 'text', to: 'numeric' }),
        ...['c', 'd', 'e', 'f'].map((column) => change({ kind: 'deleted', column })),
      ]),
    ).toBe(
      '2 columns added (a, b), status renamed to state, amount changed from text to numeric, ' +
        '4 columns kept of deleted properties (c, d, e and 1 more)',
    );
  });

  it('say nothing of a table that is simply new', () => {
    expect(describeChanges([change({ kind: 'table_created' })])).toBe('');
  });
});
