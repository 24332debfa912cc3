import { describe, expect, test } from '@jest/globals';
import { findFindings, type FindingRules } from '../../src/catalog/findings.ts';
import type { InspectedSource } from '../../src/store/inspection/inspected-sources.ts';

const RULES: FindingRules = {
  platforms: new Map([['notion', true]]),
  tokenProblem: () => null,
  now: new Date('2026-05-01T12:00:00Z'),
};
const SOUND: InspectedSource = {
  id: 1,
  alias: 'tasks',
  platform: 'notion',
  account: 'notion',
  token_ref: 'env:NOTION_TOKEN',
  ref: { data_source: 'd' },
  app: null,
  component: null,
  vault: null,
  user: null,
  enabled: true,
  in_file: true,
  every: '1h',
  cron: null,
  full_every: null,
  content: null,
  certified: true,
  next_due_at: null,
  last_status: 'complete',
  last_synced_at: '2026-05-01T11:00:00.000Z',
  full_scan_at: null,
  table: 'notion.tasks',
  relation: 'r',
  columns: 2,
  dropped_columns: 0,
  rows: 1,
  deleted_rows: 0,
  bytes: 8192,
  missing_columns: [],
  altered_columns: [],
  quarantined: 0,
  held: 0,
  twins: [],
};
const kindsOf = (changed: Partial<InspectedSource>, rules: Partial<FindingRules> = {}) =>
  findFindings([{ ...SOUND, ...changed }], [], { ...RULES, ...rules }).map(({ kind }) => kind);

describe('what is wrong with a source', () => {
  test('is nothing when all is well', () => {
    expect(kindsOf({})).toEqual([]);
  });

  test.each<[string, Partial<InspectedSource>]>([
    ['platform_unknown', { platform: 'carrier-pigeon' }],
    ['duplicate', { twins: ['notes'] }],
    ['left_file', { in_file: false }],
    ['never_due', { every: null, cron: '0 0 30 2 *' }],
    ['never_due', { every: null, cron: 'not a schedule' }],
    ['disabled', { enabled: false }],
    ['table_missing', { relation: null }],
    ['not_a_table', { relation: 'v' }],
    ['columns_missing', { missing_columns: ['name'] }],
    ['types_altered', { altered_columns: [{ column: 'n', expected: 'text', actual: 'date' }] }],
    ['last_sync_failed', { last_status: 'failed' }],
    ['last_sync_failed', { last_status: 'incomplete' }],
    ['never_synced', { last_status: null }],
    ['quarantine', { quarantined: 1 }],
    ['deletions_held', { held: 1 }],
  ])('%s', (kind, changed) => {
    expect(kindsOf(changed)).toEqual([kind]);
  });

  test('a source that was never synced needs no table, a disabled one may have left the file', () => {
    expect(kindsOf({ relation: null, columns: 0, last_status: null })).toEqual(['never_synced']);
    expect(kindsOf({ enabled: false, in_file: false, cron: '0 0 30 2 *' })).toEqual(['disabled']);
  });

  test('a token that cannot be read is looked for once, however many sources use it', () => {
    let looks = 0;
    const tokenProblem = () => {
      looks += 1;
      return { message: 'NOTION_TOKEN is not set', fix: 'export NOTION_TOKEN=<token>' };
    };
    const found = findFindings([SOUND, { ...SOUND, alias: 'notes' }], [], {
      ...RULES,
      tokenProblem,
    });
    expect(found.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['token_missing', 'tasks'],
      ['token_missing', 'notes'],
    ]);
    expect(looks).toBe(1);
  });

  test('says what mends it, and tells what may be meant from what is wrong', () => {
    const [held] = findFindings([{ ...SOUND, held: 2 }], [], RULES);
    expect(held).toMatchObject({
      level: 'problem',
      fix: 'appsync sources accept-deletions tasks',
    });
    const orphan = { table: 'notion.old', rows: null, bytes: 8192 };
    const [left] = findFindings([], [orphan], RULES);
    expect(left).toMatchObject({ kind: 'orphan_table', level: 'note', subject: 'notion.old' });
  });
});
