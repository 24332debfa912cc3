import { describe, expect, it } from '@jest/globals';
import { nameColumns } from '../../../src/store/destination/column-names.ts';

const NONE: ReadonlySet<string> = new Set();

const hostile = [
  '',
  '   ',
  '_id',
  'id',
  '_synced_at',
  '_hash',
  'ctid',
  'XMIN',
  'tableoid',
  '"; drop table x; --',
  '🎉',
  '100 %',
  '%',
  'a'.repeat(200),
  `${'a'.repeat(200)}b`,
  'é'.repeat(100),
  '\u0000',
  '..',
  '\ud83d',
  'Straße',
  'ﬁrst',
  'first',
  "l'été",
  '数量',
];

describe('column names', () => {
  it('are valid, unique and never a system column, whatever the properties are called', () => {
    const fields = [...hostile, ...hostile].map((name, i) => ({ id: `p${i}`, name }));
    const names = [...nameColumns(fields, NONE).values()];
    expect(names).toHaveLength(fields.length);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(name).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}_]*$/u);
      expect(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']).not.toContain(name);
    }
  });

  it('are the same in whatever order the platform lists the properties', () => {
    const fields = [...hostile, ...hostile].map((name, i) => ({ id: `p${(i * 7) % 97}`, name }));
    const once = nameColumns(fields, NONE);
    const shuffled = fields.toSorted(
      (a, b) => a.name.length - b.name.length || (a.id < b.id ? 1 : -1),
    );
    expect(new Map(nameColumns(shuffled, NONE))).toEqual(new Map(once));
  });

  it('give the plain name to the lowest id of those that want it, a suffix to the others', () => {
    const fields = [
      { id: 'z', name: 'Status' },
      { id: 'a', name: 'status!' },
    ];
    expect(Object.fromEntries(nameColumns(fields, NONE))).toEqual({
      a: 'status',
      z: 'status_594e519a',
    });
  });

  it('are the same on every machine, also where a name is taken', () => {
    const names = nameColumns([{ id: 'x', name: 'Due Date' }], new Set(['due_date']));
    expect(names.get('x')).toBe('due_date_2d711642');
  });

  it('never give a suffix that is another property’s own name', () => {
    const fields = [
      { id: 'x', name: 'Due Date' },
      { id: 'y', name: 'due_date_2d711642' },
    ];
    const names = nameColumns(fields, new Set(['due_date']));
    expect(names.get('y')).toBe('due_date_2d711642');
    expect(names.get('x')).toMatch(/^due_date_(?!2d711642)[0-9a-f]{8}$/);
  });
});
