import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { countTargets, type TargetCounts } from '../../src/catalog/target-counts.ts';
import { resolveFilters } from '../../src/catalog/targets.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { ACCOUNTS, parse } from './catalog-files.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const PLATFORMS = new Map([
  ['notion', true],
  ['airtable', true],
]);
const CATALOG = `${ACCOUNTS}applications: [{ slug: skyflow, name: Sky Flow }, { slug: unused }]
vaults: [{ id: v1, name: main }, { id: v2, name: shared }, { id: v3 }]
users: [{ id: u1, username: ops }]
sources:
  - { alias: late, account: notion, ref: { data_source: d1 }, app: skyflow, component: artefact, vault: main, user: ops }
  - { alias: early, account: notion, ref: { data_source: d2 }, app: skyflow, component: artefact, vault: v3 }
  - { alias: off, account: notion, ref: { data_source: d3 }, app: skyflow, enabled: false }
`;

let database: TestDatabase;
let counts: readonly TargetCounts[];
const of = (kind: TargetCounts['kind'], word: string) =>
  counts.find((each) => each.kind === kind && each.word === word);

beforeAll(async () => {
  database = await createTestDatabase();
  await applyCatalog(database.pool, parse(CATALOG));
  const set = (alias: string, status: string | null, synced: string | null, due: string | null) =>
    database.pool.query(
      `update appsync.source set last_status = $2, last_synced_at = $3, next_due_at = $4 where alias = $1`,
      [alias, status, synced, due],
    );
  await set('late', 'failed', '2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z');
  await set('early', 'complete', '2026-05-01T11:30:00Z', '2026-05-01T13:00:00Z');
  // Left the file, and had a vault whose name went to another one since.
  await database.pool.query(`update appsync.vault set name = 'main' where id = 'v3'`);
  counts = await countTargets(database.pool, PLATFORMS, NOW);
});
afterAll(() => database.drop());

describe('what can be synced by name', () => {
  test('has its sources, those enabled and those due, the worst status and the latest sync', () => {
    expect(of('app', 'skyflow')).toEqual({
      kind: 'app',
      word: 'skyflow',
      name: 'Sky Flow',
      sources: 3,
      enabled: 2,
      due: 1,
      last_status: 'failed',
      last_synced_at: '2026-05-01T11:30:00.000Z',
    });
    expect(of('source', 'off')).toMatchObject({ enabled: 0, due: 0, last_status: 'never' });
    expect(of('component', 'artefact')).toMatchObject({ sources: 2, due: 1 });
    expect(of('user', 'ops')).toMatchObject({ sources: 1, last_status: 'failed' });
  });

  test('is listed without sources, too, in the order of kinds', () => {
    expect(of('platform', 'airtable')).toMatchObject({ sources: 0, last_status: null });
    expect(of('app', 'unused')).toMatchObject({ sources: 0, last_synced_at: null });
    expect(of('vault', 'shared')).toMatchObject({ sources: 0 });
    const kinds = 'platform platform app app component source source source vault vault vault user';
    expect(counts.map(({ kind }) => kind)).toEqual(kinds.split(' '));
  });

  test('is named so that it means nothing else', async () => {
    expect(counts.filter(({ kind }) => kind === 'vault').map(({ word }) => word)).toEqual([
      'shared',
      'v1',
      'v3',
    ]);
    for (const { kind, word } of counts) {
      const resolved = await resolveFilters(database.pool, { [kind]: [word] }, PLATFORMS);
      expect(resolved[kind]).toHaveLength(1);
    }
  });

  test('includes a platform that this version does not have', async () => {
    const without = await countTargets(database.pool, new Map([['airtable', true]]), NOW);
    expect(without.find(({ word }) => word === 'notion')).toMatchObject({ sources: 3 });
  });
});
