import { describe, expect, it } from '@jest/globals';
import { proposeCatalog, type DiscoveredAccount } from '../../src/catalog/init.ts';
import { LONGEST_SLUG, SLUG, slugOf } from '../../src/catalog/slug.ts';
import type { DiscoveredSource } from '../../src/platforms/platform.ts';
import type { CatalogRules } from '../../src/catalog/file.ts';
import { parse, RULES } from './catalog-files.ts';

const PATH = '/checkout/appsync.yaml';

const source = (title: string, id: string): DiscoveredSource => ({
  title,
  ref: { data_source: id },
  external_id: id,
});
const notion = (...sources: readonly DiscoveredSource[]): DiscoveredAccount => ({
  platform: 'notion',
  account: 'notion',
  token: 'env:NOTION_TOKEN',
  sources,
});
const airtable = (...titles: readonly string[]): DiscoveredAccount => ({
  platform: 'airtable',
  account: 'airtable',
  token: 'env:AIRTABLE_API_KEY',
  sources: titles.map((title, i) => ({
    title,
    ref: { base: 'appA', table: `tbl${i}` },
    external_id: `appA/tbl${i}`,
  })),
});
const propose = (discovered: readonly DiscoveredAccount[], existing?: string) =>
  proposeCatalog(discovered, existing === undefined ? null : parse(existing), PATH, RULES);

describe('slugs of titles', () => {
  it.each([
    ['Product Roadmap', 'product-roadmap'],
    ['  Q3 / Goals (2026) ', 'q3-goals-2026'],
    ['Überprüfung: Straße', 'uberprufung-strasse'],
    ['Łódź & Ærø', 'lodz-aero'],
    ["Anna's 📦 Orders", 'annas-orders'],
    ['İstanbul', 'istanbul'],
    ['2026', '2026'],
    ['プロジェクト', ''],
    ['', ''],
  ])('%j is %j', (title, slug) => expect(slugOf(title)).toBe(slug));

  it('are cut between words, and inside a word that is too long by itself', () => {
    expect(slugOf('one two three', 9)).toBe('one-two');
    expect(slugOf('abcdefghijkl', 5)).toBe('abcde');
  });
});

describe('the catalog that init proposes', () => {
  it('has an account for each token and a source for each title, enabled', () => {
    const { file, text, added } = propose([
      notion(source('Tasks', 'd1')),
      airtable('CRM / Orders'),
    ]);
    expect(text).toBe(`# What appsync syncs. Change it as you like; the next command applies it.
# Schedules: add "every: 1h" or cron: "0 6 * * *" to a source.

accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
  - { name: airtable, platform: airtable, token: env:AIRTABLE_API_KEY }
sources:
  - alias: tasks
    account: notion
    ref: { data_source: d1 }
    enabled: true
  - alias: crm-orders
    account: airtable
    ref: { base: appA, table: tbl0 }
    enabled: true
`);
    expect(added).toEqual(['tasks', 'crm-orders']);
    expect(file).toEqual(parse(text));
  });

  it('does not depend on the order in which a platform lists, nor on listing twice', () => {
    const sources = [source('B', 'd2'), source('A', 'd3'), source('B', 'd1'), source('', 'd9')];
    const { text } = propose([notion(...sources)]);
    expect(propose([notion(...sources.toReversed(), ...sources)]).text).toBe(text);
  });

  it('makes aliases unique by platform, then by a piece of the id', () => {
    const { added } = propose([
      notion(
        source('Tasks', 'aaaa-1111-aaaaaa'),
        source('Tasks', 'bbbb-2222-bbbbbb'),
        source('Tasks', 'cccc-3333-cccccc'),
      ),
      airtable('Tasks', 'Tasks'),
    ]);
    expect(added).toEqual([
      'tasks',
      'tasks-notion',
      'tasks-cccccc',
      'tasks-airtable',
      'tasks-patbl1',
    ]);
  });

  it('takes a longer piece of the id when a short one is not enough', () => {
    const ids = ['x1abcdef', 'x2abcdef', 'x3abcdef'];
    expect(propose([notion(...ids.map((id) => source('', id)))]).added).toEqual([
      'notion-abcdef',
      'notion-2abcdef',
      'notion-3abcdef',
    ]);
  });

  it('never uses the word of a command, shortcut, platform or application', () => {
    const { added } = propose(
      [
        notion(
          ...['Sync', 'status', 'All', 'Notion', 'Sync Airtable', 'Skyflow'].map((t, i) =>
            source(t, `ident-${i}`),
          ),
        ),
      ],
      'applications: [{ slug: skyflow }]',
    );
    expect(added).toEqual([
      'all-notion',
      'notion-notion',
      'skyflow-notion',
      'status-notion',
      'sync-ident0',
      'sync-airtable-notion',
    ]);
  });

  it('names a source without Latin letters after its id, and keeps its title as a comment', () => {
    const { text, added, file } = propose([notion(source('案件\n一覧', '0123-456789'))]);
    expect(added).toEqual(['notion-456789']);
    expect(text).toContain('  # 案件 一覧\n  - alias: notion-456789\n');
    expect(file.sources).toHaveLength(1);
  });

  it.each([
    ['x'.repeat(500)],
    ['# not a comment: { [ *'],
    ['- alias: evil\n    account: x'],
    ['null'],
    ['true'],
    ['123e4'],
    ['\u0000\u2028\ud800'],
  ])('can be read back whatever the title: %j', (title) => {
    const { file } = propose([notion(source(title, '1e10'), source(title, '007'))]);
    expect(file.sources.map(({ external_id }) => external_id).toSorted()).toEqual(['007', '1e10']);
    for (const { alias } of file.sources) {
      expect(alias).toMatch(SLUG);
      expect(alias.length).toBeLessThanOrEqual(LONGEST_SLUG);
    }
  });

  const EXISTING = `# mine
accounts:
  - { name: work, platform: notion, token: env:NOTION_TOKEN } # the good one
sources:
  # renamed by hand
  - alias: renamed
    account: work
    ref: { data_source: 0123 }
    every: 1h   # often

vaults: []
`;

  it('keeps an existing file as it is when nothing is new', () =>
    expect(propose([notion(source('Tasks', '0123'))], EXISTING).text).toBe(EXISTING));

  it('adds what is new to an existing file, comments and aliases kept, under the account of the same token', () => {
    const { text, added } = propose(
      [notion(source('Tasks', '0123'), source('Renamed', 'd2')), airtable('Orders')],
      EXISTING,
    );
    expect(added).toEqual(['renamed-notion', 'orders']);
    expect(text).toBe(`# mine
accounts:
  - { name: work, platform: notion, token: env:NOTION_TOKEN } # the good one
  - { name: airtable, platform: airtable, token: env:AIRTABLE_API_KEY }
sources:
  # renamed by hand
  - alias: renamed
    account: work
    ref: { data_source: 0123 }
    every: 1h # often
  # Renamed
  - alias: renamed-notion
    account: work
    ref: { data_source: d2 }
    enabled: true
  - alias: orders
    account: airtable
    ref: { base: appA, table: tbl0 }
    enabled: true

vaults: []
`);
  });

  it('gives another token of the same platform an account of its own', () => {
    const second = { ...notion(source('Tasks', 'd1')), token: 'env:OTHER' };
    const { file } = propose(
      [second],
      'accounts: [{ name: notion, platform: notion, token: env:NOTION_TOKEN }]\nsources: []',
    );
    expect(file.accounts.map(({ name, token }) => `${name} ${token}`)).toEqual([
      'notion env:NOTION_TOKEN',
      'notion-2 env:OTHER',
    ]);
    expect(file.sources[0]?.account).toBe('notion-2');
  });

  it('shows in a new file what can be listed besides, as sources that only lack their #', () => {
    const withListings: CatalogRules = {
      ...RULES,
      platforms: new Map(
        [...RULES.platforms].map(([name, platform]) => [
          name,
          name === 'notion'
            ? {
                ...platform,
                listings: [{ name: 'users', ref: { list: 'users' }, about: 'people' }],
              }
            : platform,
        ]),
      ),
    };
    const { text, file } = proposeCatalog(
      [notion(source('Users', 'd1'), source('Tasks', 'd2'))],
      null,
      PATH,
      withListings,
    );
    expect(file.sources.map(({ alias }) => alias)).toEqual(['tasks', 'users']);
    const line = '#  - { alias: users-notion, account: notion, ref: { list: users } } # people';
    expect(text).toContain(`\n${line}\n`);
    // What a person makes of it is a source, and a later init keeps it.
    const listed = text
      .replace(line, line.slice(1))
      .replace('{ list: users }', '{ data_source: u }');
    expect(parse(listed).sources.map(({ alias }) => alias)).toEqual([
      'tasks',
      'users',
      'users-notion',
    ]);
    const again = proposeCatalog([notion(source('New', 'd3'))], parse(text), PATH, withListings);
    expect(again.text).toContain(line);
    expect(again.added).toEqual(['new']);
  });

  it('fills a file that holds only comments', () => {
    const { text, file } = propose([notion(source('Tasks', 'd1'))], '# later\n');
    expect(text).toMatch(/^# later\n\s*accounts:/);
    expect(file.sources).toHaveLength(1);
  });
});
