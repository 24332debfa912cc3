import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { findSources, sourceQuery, type SourceRow } from '../../src/catalog/source-query.ts';
import type { Filters, Target } from '../../src/contract/target.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ACCOUNTS, parse } from './catalog-files.ts';

const NOW = new Date('2026-05-01T12:00:00Z');
const HOSTILE = [
  `x'; drop table appsync.source; --`,
  '$1',
  '%',
  '_',
  '\\',
  '"',
  '{a,b}',
  'NULL',
  '\u202e',
  '',
];

describe('the query for sources', () => {
  it('carries values beside the text, whatever they say', () => {
    const quiet = sourceQuery(
      { kind: 'source', name: 'a' },
      { app: ['b'], vault: ['c', 'd'] },
      NOW,
    );
    for (const word of HOSTILE) {
      const query = sourceQuery(
        { kind: 'source', name: word },
        { app: [word], vault: [word, word] },
        NOW,
      );
      expect(query.text).toBe(quiet.text);
      expect(query.values).toEqual([word, [word], [word, word]]);
    }
  });

  it('has a placeholder for each value and no condition without one', () => {
    expect(sourceQuery({ kind: 'all' }, {}, NOW).text).not.toContain('where');
    expect(sourceQuery({ kind: 'all' }, { app: [], only_enabled: false }, NOW).text).not.toContain(
      'where',
    );
    const everything: Filters = {
      platform: ['p'],
      app: ['a'],
      source: ['s'],
      component: ['c'],
      vault: ['v'],
      user: ['u'],
      only_enabled: true,
      only_due: true,
    };
    const { text, values } = sourceQuery({ kind: 'platform', name: 'n' }, everything, NOW);
    const used = new Set([...text.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
    expect([...used].toSorted((a, b) => a - b)).toEqual(values.map((_, i) => i + 1));
    expect(values).toEqual(['n', ['p'], ['a'], ['s'], ['c'], ['v'], ['u'], NOW]);
  });
});

/** Sixty sources in which every tag occurs with every other, and is missing somewhere. */
function manySources(): string {
  const tags = Array.from({ length: 60 }, (_, i) => {
    const keys = [
      `alias: s${i}`,
      i % 2 === 0
        ? `account: notion, ref: { data_source: d${i} }`
        : `account: airtable, ref: { base: b, table: t${i} }`,
      ...(i % 3 === 0 ? [] : [`app: app-${i % 3}`]),
      ...(i % 5 === 0 ? [] : [`component: ${i % 5 < 3 ? 'artefact' : "o'brien"}`]),
      ...(i % 4 === 0 ? [] : [`vault: v${i % 4}`]),
      ...(i % 7 === 0 ? [] : [`user: u${i % 2}`]),
      `enabled: ${i % 6 !== 0}`,
    ];
    return `  - { ${keys.join(', ')} }`;
  });
  return `${ACCOUNTS}applications: [{ slug: app-1, name: First }, { slug: app-2, name: Second One }]
vaults: [{ id: v1, name: main }, { id: v2, name: side }, { id: v3, name: cold }]
users: [{ id: u0, username: ops }, { id: u1, username: dev }]
sources:
${tags.join('\n')}
`;
}

describe('finding sources in a catalog of sixty', () => {
  const database = createTestDatabase();
  let all: readonly SourceRow[] = [];

  beforeAll(async () => {
    const { pool } = await database;
    await applyCatalog(pool, parse(manySources()));
    await pool.query(
      `update appsync.source set next_due_at = $1::timestamptz + interval '1 minute' * (id % 5 - 2) where id % 3 > 0`,
      [NOW],
    );
    all = await findSources(pool, { kind: 'all' }, {}, NOW);
  });
  afterAll(async () => (await database).drop());

  const one = (values: readonly string[] | undefined, words: readonly (string | null)[]) =>
    values === undefined || values.length === 0 || values.some((value) => words.includes(value));

  const VAULTS = new Map([
    ['main', 'v1'],
    ['side', 'v2'],
    ['cold', 'v3'],
  ]);
  const USERS = new Map([
    ['ops', 'u0'],
    ['dev', 'u1'],
  ]);

  function naively(target: Target, filters: Filters): readonly string[] {
    return all
      .filter((s) => {
        const targeted =
          target.kind === 'all' ||
          { platform: s.platform, application: s.app, source: s.alias }[target.kind] ===
            target.name;
        return (
          targeted &&
          one(filters.platform, [s.platform]) &&
          one(filters.app, [s.app, s.app_name]) &&
          one(filters.source, [s.alias, s.external_id]) &&
          one(filters.component, [s.component]) &&
          one(filters.vault, [s.vault, VAULTS.get(s.vault ?? '') ?? null]) &&
          one(filters.user, [s.user, USERS.get(s.user ?? '') ?? null]) &&
          (filters.only_enabled !== true || s.enabled) &&
          (filters.only_due !== true ||
            (s.enabled && (s.next_due_at === null || s.next_due_at <= NOW)))
        );
      })
      .map(({ alias }) => alias);
  }

  const TARGETS: readonly Target[] = [
    { kind: 'all' },
    { kind: 'platform', name: 'notion' },
    { kind: 'application', name: 'app-1' },
    { kind: 'source', name: 's7' },
  ];
  const CHOICES = {
    platform: [undefined, ['airtable']],
    app: [undefined, ['app-1'], ['First', 'app-2']],
    source: [undefined, ['s1', 's2', 's7', 's40', 'd4', 'b/t11']],
    component: [undefined, ["o'brien"], ['artefact', 'none']],
    vault: [undefined, ['main', 'v2']],
    user: [undefined, ['u0'], ['dev']],
    only_enabled: [undefined, true],
    only_due: [undefined, true],
  } as const;

  function combinations(keys: readonly (keyof typeof CHOICES)[]): readonly Filters[] {
    const [key, ...rest] = keys;
    if (key === undefined) return [{}];
    return combinations(rest).flatMap((filters) =>
      CHOICES[key].map((value) => (value === undefined ? filters : { ...filters, [key]: value })),
    );
  }

  it('returns the whole row, by alias', () => {
    expect(all.map(({ alias }) => alias)).toEqual(all.map(({ alias }) => alias).toSorted());
    expect(all.find(({ alias }) => alias === 's1')).toEqual({
      id: expect.any(Number),
      alias: 's1',
      platform: 'airtable',
      account: 'airtable',
      ref: { base: 'b', table: 't1' },
      external_id: 'b/t1',
      app: 'app-1',
      app_name: 'First',
      component: 'artefact',
      vault: 'main',
      user: 'dev',
      enabled: true,
      table_schema: 'airtable',
      table_name: 's1',
      every: null,
      every_seconds: null,
      cron: null,
      next_due_at: expect.any(Date),
      last_status: null,
      plan: null,
      rate_limit: null,
      last_synced_at: null,
      failures: 0,
      failing_since: null,
      last_failure: null,
    });
  });

  it('finds what a plain filter in memory finds, for every combination of target and filters', async () => {
    const { pool } = await database;
    const cases = TARGETS.flatMap((target) =>
      combinations(Object.keys(CHOICES) as (keyof typeof CHOICES)[]).map((filters) => ({
        target,
        filters,
      })),
    );
    const wrong = await Promise.all(
      cases.map(async ({ target, filters }) => {
        const found = (await findSources(pool, target, filters, NOW)).map(({ alias }) => alias);
        return found.join() === naively(target, filters).join() ? [] : [{ target, filters, found }];
      }),
    );
    expect(wrong.flat()).toEqual([]);
    expect(cases.length).toBe(4 * 2 * 3 * 2 * 3 * 2 * 3 * 2 * 2);
    const hits = new Set(cases.map(({ target, filters }) => naively(target, filters).length));
    expect(hits.size).toBeGreaterThan(20);
  });

  it('finds nothing, and does no harm, for words that no source has', async () => {
    const { pool } = await database;
    for (const word of HOSTILE) {
      const filters = {
        app: [word],
        source: [word],
        component: [word],
        vault: [word],
        user: [word],
        platform: [word],
      };
      expect(await findSources(pool, { kind: 'application', name: word }, filters, NOW)).toEqual(
        [],
      );
    }
    expect(await findSources(pool, { kind: 'all' }, {}, NOW)).toHaveLength(60);
  });

  it("takes a number for an application's id only when no application is called so", async () => {
    const { pool } = await database;
    const { rows } = await pool.query(
      `select id::text from appsync.application where slug = 'app-2'`,
    );
    const id = (rows[0] as { id: string }).id;
    const slugs = async () =>
      new Set((await findSources(pool, { kind: 'all' }, { app: [id] }, NOW)).map(({ app }) => app));
    expect(await slugs()).toEqual(new Set(['app-2']));
    await pool.query(`update appsync.application set name = $1 where slug = 'app-1'`, [id]);
    expect(await slugs()).toEqual(new Set(['app-1']));
    await pool.query(`update appsync.application set name = 'First' where slug = 'app-1'`);
  });
});
