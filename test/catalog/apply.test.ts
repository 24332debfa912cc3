import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  applyCatalog,
  catalogChanged,
  previewCatalog,
  withCatalogApplied,
} from '../../src/catalog/apply.ts';
import { differenceLines, isUnchanged } from '../../src/catalog/difference.ts';
import type { CatalogFile } from '../../src/catalog/file.ts';
import { listSources } from '../../src/catalog/listing.ts';
import { findSources } from '../../src/catalog/source-query.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ACCOUNTS, fileOf, parse } from './catalog-files.ts';

const database = createTestDatabase();
afterAll(async () => (await database).drop());
beforeEach(async () => {
  const { pool } = await database;
  await pool.query(
    `truncate appsync.catalog_file, appsync.account, appsync.application, appsync.vault, appsync.app_user
     cascade`,
  );
});

const apply = async (file: CatalogFile, options = {}) => {
  const { pool } = await database;
  return differenceLines(await applyCatalog(pool, file, options));
};
const aliases = async () => (await listSources((await database).pool)).map(({ alias }) => alias);

async function stateOf(alias: string): Promise<Readonly<Record<string, unknown>>> {
  const { rows } = await (
    await database
  ).pool.query<Record<string, unknown>>(
    `select fence, watermark, certified, full_scan_at, full_scan_records, next_due_at, last_synced_at, enabled, in_file
     from appsync.source where alias = $1`,
    [alias],
  );
  return rows[0] ?? {};
}

/** As after a whole scan at noon. */
async function scanned(alias: string): Promise<void> {
  await (
    await database
  ).pool.query(
    `update appsync.source set watermark = at, certified = true, full_scan_at = at, full_scan_records = 7,
       last_synced_at = at, next_due_at = at + interval '1 day'
     from (select timestamptz '2026-05-01T12:00:00Z' as at) noon where alias = $1`,
    [alias],
  );
}

const TAGGED = (
  name: string,
  every: string,
) => `${ACCOUNTS}applications: [{ slug: sky, name: ${name} }]
vaults: [{ id: v1, name: main }]
users: [{ id: u1, username: ops }]
sources:
  - { alias: a, account: notion, ref: { data_source: d }, app: sky, vault: main, user: ops, every: ${every} }
`;

describe('applying a catalog file', () => {
  it('shows that content is wanted from now on, or no more, and keeps the scans', async () => {
    await apply(fileOf({ a: '' }));
    await scanned('a');
    const before = await stateOf('a');
    expect(await apply(fileOf({ a: 'content: markdown' }))).toEqual([
      '~ source a: content none → markdown',
    ]);
    expect(await apply(fileOf({ a: 'content: markdown' }))).toEqual([]);
    expect(await apply(fileOf({ a: '' }))).toEqual(['~ source a: content markdown → none']);
    expect(await stateOf('a')).toEqual(before);
  });

  it('adds everything at first and nothing when it is applied again', async () => {
    const file = parse(TAGGED('Sky', '1h'));
    expect(await apply(file)).toEqual([
      '+ account notion',
      '+ account airtable',
      '+ application sky',
      '+ vault v1',
      '+ user u1',
      '+ source a',
    ]);
    const { pool } = await database;
    const again = await applyCatalog(pool, file);
    expect(isUnchanged(again)).toBe(true);
    expect(again.sources.unchanged).toEqual(['a']);
    expect(await listSources(pool)).toEqual([
      {
        alias: 'a',
        platform: 'notion',
        account: 'notion',
        app: 'sky',
        component: null,
        vault: 'main',
        user: 'ops',
        enabled: true,
        table: 'notion.a',
        every: '1h',
        cron: null,
        next_due_at: null,
        last_status: null,
        last_synced_at: null,
        failures: 0,
        failing_since: null,
        last_failure: null,
      },
    ]);
  });

  it('names the fields that change, and leaves alone what does not', async () => {
    await apply(parse(TAGGED('Sky', '1h')));
    const lines = await apply(parse(TAGGED('Skyflow', '2h')));
    expect(lines).toEqual(['~ application sky: name Sky → Skyflow', '~ source a: every 1h → 2h']);
  });

  it('changes nothing by a preview, which tells the same difference', async () => {
    const { pool } = await database;
    await apply(fileOf({ a: '', b: '' }));
    const file = fileOf({ a: 'enabled: false', c: '' });
    const preview = await previewCatalog(pool, file, { prune: true });
    expect(await aliases()).toEqual(['a', 'b']);
    expect(await applyCatalog(pool, file, { prune: true })).toEqual(preview);
    expect(preview.sources).toMatchObject({ added: ['c'], disabled: ['b'], left: [] });
  });

  it('keeps a source that left the file until it is pruned, which disables it', async () => {
    await apply(fileOf({ a: '', b: '' }));
    expect(await apply(fileOf({ a: '' }))).toEqual([
      '· source b is not in the file: stays as it is (--prune disables it)',
    ]);
    expect(await stateOf('b')).toMatchObject({ enabled: true, in_file: false });
    expect(await apply(fileOf({ a: '' }), { prune: true })).toEqual([
      '- source b is not in the file: disabled',
    ]);
    expect(await apply(fileOf({ a: '' }), { prune: true })).toEqual([]);
    expect(await apply(fileOf({ a: '', b: '' }))).toEqual(['~ source b: enabled false → true']);
    expect(await stateOf('b')).toMatchObject({ enabled: true, in_file: true });
  });

  it('removes accounts and tags that left the file once no source uses them', async () => {
    await apply(parse(TAGGED('Sky', '1h')));
    expect(await apply(parse(`${ACCOUNTS}vaults: [{ id: v2, name: main }]`))).toEqual([
      '+ vault v2',
      '· source a is not in the file: stays as it is (--prune disables it)',
    ]);
    const rest = parse(`accounts: [{ name: notion, platform: notion, token: env:T }]
sources: [{ alias: a, account: notion, ref: { data_source: d } }]`);
    expect(await apply(rest)).toEqual([
      '~ account notion: token env:NOTION_TOKEN → env:T',
      '- account airtable',
      '- application sky',
      '- vault v1',
      '- vault v2',
      '- user u1',
      '~ source a: app sky → none, vault v1 → none, user u1 → none, every 1h → none',
    ]);
  });

  it('lets two vaults exchange their names', async () => {
    await apply(parse('vaults: [{ id: v1, name: main }, { id: v2, name: side }]'));
    expect(
      await apply(parse('vaults: [{ id: v1, name: side }, { id: v2, name: main }]')),
    ).toHaveLength(2);
  });

  it('gives the same to many who apply it at once', async () => {
    const file = fileOf({ a: '', b: '', c: '' });
    const { pool } = await database;
    const differences = await Promise.all(
      Array.from({ length: 8 }, () => applyCatalog(pool, file)),
    );
    expect(differences.filter((difference) => !isUnchanged(difference))).toHaveLength(1);
    expect(await aliases()).toEqual(['a', 'b', 'c']);
  });

  it('writes nothing at all when it fails half-way', async () => {
    const { pool } = await database;
    await apply(fileOf({ a: '' }));
    const broken = fileOf({ a: 'enabled: false', b: '' });
    const tooLong = broken.sources.map((source) => ({ ...source, every_seconds: 2 ** 40 }));
    await expect(applyCatalog(pool, { ...broken, sources: tooLong })).rejects.toThrow(
      'out of range',
    );
    expect(await aliases()).toEqual(['a']);
    expect(await stateOf('a')).toMatchObject({ enabled: true });
    expect(await catalogChanged(pool, fileOf({ a: '' }))).toBe(false);
  });
});

describe('a source whose place changes', () => {
  const at = (id: string, account = 'notion') =>
    parse(`${ACCOUNTS}  - { name: other, platform: notion, token: env:OTHER }
sources: [{ alias: a, account: ${account}, ref: { data_source: ${id} }, table: notion.a }]`);

  it.each([
    ['another reference', at('two')],
    ['another account', at('one', 'other')],
  ])('forgets its scans and shuts out the sync that is under way: %s', async (_, file) => {
    await apply(at('one'));
    await scanned('a');
    const { fence } = await stateOf('a');
    expect((await apply(file)).at(-1)).toBe(
      '! source a is read from elsewhere now: its next sync reads every record',
    );
    expect(await stateOf('a')).toMatchObject({
      fence: Number(fence) + 1,
      watermark: null,
      certified: false,
      full_scan_at: null,
      full_scan_records: null,
      next_due_at: null,
    });
  });

  it('keeps its scans when anything else changes', async () => {
    await apply(fileOf({ a: '' }));
    await scanned('a');
    const before = await stateOf('a');
    await apply(fileOf({ a: 'component: artefact, enabled: false' }));
    expect(await stateOf('a')).toEqual({ ...before, enabled: false });
  });
});

describe('a schedule that changes', () => {
  it('counts from the last sync', async () => {
    await apply(fileOf({ a: 'every: 1d' }));
    await scanned('a');
    await apply(fileOf({ a: 'every: 1h' }));
    // An hour and the source's own jitter.
    const due = new Date('2026-05-01T13:04:44.894Z');
    expect(await stateOf('a')).toMatchObject({ next_due_at: due });
    await apply(fileOf({ a: 'cron: "30 6 * * *"' }));
    expect(await stateOf('a')).toMatchObject({ next_due_at: new Date('2026-05-02T06:30:00Z') });
    await apply(fileOf({ a: '' }));
    expect(await stateOf('a')).toMatchObject({ next_due_at: null });
  });

  it('spreads a hundred hourly sources of one moment over a tenth of the hour', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `source-${i}`);
    const all = (keys: string) => fileOf(Object.fromEntries(names.map((name) => [name, keys])));
    await apply(all('every: 1d'));
    for (const name of names) await scanned(name);
    await apply(all('every: 1h'));
    const { pool } = await database;
    const dueAt = async (time: string) =>
      (await findSources(pool, { kind: 'all' }, { only_due: true }, new Date(time))).length;
    expect(await dueAt('2026-05-01T12:59:59.999Z')).toBe(0);
    const byMinute: number[] = [];
    for (let minute = 0; minute <= 6; minute += 1) {
      byMinute.push(await dueAt(`2026-05-01T13:0${minute}:00Z`));
    }
    const comeDue = byMinute.slice(1).map((due, i) => due - (byMinute[i] ?? 0));
    expect(byMinute.at(-1)).toBe(100);
    expect(Math.min(...comeDue)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...comeDue)).toBeLessThanOrEqual(30);
    const listed = await listSources(pool);
    expect(new Set(listed.map(({ next_due_at }) => next_due_at)).size).toBe(100);
  });

  it('makes a source that was never synced due at once', async () => {
    await apply(fileOf({ a: '' }));
    await apply(fileOf({ a: 'every: 1h' }));
    expect(await stateOf('a')).toMatchObject({ next_due_at: null });
  });
});

describe('a file that cannot be applied', () => {
  const refused = (file: CatalogFile) => expect(apply(file)).rejects;

  it('moves a source to another table', async () => {
    await apply(fileOf({ a: '' }));
    await refused(fileOf({ a: 'table: notion.z' })).toMatchObject({
      exitCode: 4,
      message: 'source a is in notion.a, and its table cannot be renamed to notion.z yet',
      hint: 'write table: notion.a in /checkout/appsync.yaml, or give the source another alias',
    });
  });

  it('gives the table of a source that left the file to another', async () => {
    await apply(fileOf({ a: '' }));
    await refused(fileOf({ b: 'table: notion.a' })).toMatchObject({
      message: 'notion.a, the table of b, is that of source a',
    });
  });

  it('moves an account to another platform', async () => {
    await apply(fileOf({ a: '' }));
    await refused(
      parse('accounts: [{ name: notion, platform: airtable, token: env:T }]'),
    ).toMatchObject({
      message: 'account notion is on notion and cannot move to airtable',
    });
  });
});

describe('a file from another place', () => {
  const HERE = '/here/appsync.yaml';
  const THERE = '/there/appsync.yaml';

  it('is taken when it is what was applied last, or only adds to it', async () => {
    await apply(fileOf({ a: '' }, HERE));
    expect(await apply(fileOf({ a: '' }, THERE))).toEqual([]);
    expect(await apply(fileOf({ a: '', b: '' }, '/third/appsync.yaml'))).toEqual(['+ source b']);
  });

  it.each([
    ['drops a source', fileOf({ b: '' }, THERE)],
    ['changes a source', fileOf({ a: 'every: 1h', b: '' }, THERE)],
    [
      'drops an account',
      parse(
        'accounts: [{ name: notion, platform: notion, token: env:NOTION_TOKEN }]\nsources: [{ alias: a, account: notion, ref: { data_source: ds-a } }, { alias: b, account: notion, ref: { data_source: ds-b } }]',
        THERE,
      ),
    ],
  ])('is refused with the difference when it %s, and changes nothing', async (_, file) => {
    await apply(fileOf({ a: '', b: '' }, HERE));
    const { pool } = await database;
    const lines = differenceLines(await previewCatalog(pool, file));
    expect(lines).not.toEqual([]);
    await expect(apply(file)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /^\/there\/appsync.yaml does not descend .*\(.*:\/here\/appsync.yaml, 2/,
      ),
      reason: ['it would change:', ...lines].join('\n'),
      hint: expect.stringContaining('appsync sources apply --accept'),
    });
    expect(isUnchanged(await previewCatalog(pool, fileOf({ a: '', b: '' }, HERE)))).toBe(true);
  });

  it('is applied when that is asked for, and then the former is the foreign one', async () => {
    await apply(fileOf({ a: '', b: '' }, HERE));
    await apply(fileOf({ a: 'every: 1h' }, THERE), { accept: true });
    await expect(apply(fileOf({ a: '', b: '' }, HERE))).rejects.toMatchObject({ exitCode: 4 });
    expect(await apply(fileOf({ a: 'every: 2h' }, THERE))).toContain('~ source a: every 1h → 2h');
  });

  it('descends when it was edited where the last one was seen', async () => {
    await apply(fileOf({ a: '' }, HERE));
    await apply(fileOf({ a: '' }, THERE));
    expect(await apply(fileOf({ a: 'every: 1h' }, THERE))).toEqual(['~ source a: every none → 1h']);
    await expect(apply(fileOf({ a: 'every: 2h' }, HERE))).rejects.toMatchObject({ exitCode: 4 });
  });

  it('is not refused for sources that an earlier file left behind', async () => {
    await apply(fileOf({ a: '', b: '' }, HERE));
    await apply(fileOf({ a: '' }, HERE));
    expect(await apply(fileOf({ a: '', c: '' }, THERE))).toContain('+ source c');
  });
});

describe('whether a file has to be applied', () => {
  it('is known from its content and its place', async () => {
    const { pool } = await database;
    const file = fileOf({ a: '' });
    expect(await catalogChanged(pool, file)).toBe(true);
    await apply(file);
    expect(await catalogChanged(pool, file)).toBe(false);
    expect(await catalogChanged(pool, fileOf({ a: '' }, '/there/appsync.yaml'))).toBe(true);
    expect(await catalogChanged(pool, fileOf({ a: '', b: '' }))).toBe(true);
    await apply(fileOf({ a: '' }, '/there/appsync.yaml'));
    expect(await catalogChanged(pool, file)).toBe(false);
  });
});

describe('a dry run', () => {
  it('sees the catalog as if the file were applied, and leaves nothing of it', async () => {
    const { pool } = await database;
    await apply(fileOf({ a: '' }));
    const seen = await withCatalogApplied(
      pool,
      fileOf({ a: '', b: '' }),
      async (tx, difference) => ({
        aliases: (await listSources(tx)).map(({ alias }) => alias),
        added: difference.sources.added,
      }),
    );
    expect(seen).toEqual({ aliases: ['a', 'b'], added: ['b'] });
    expect(await aliases()).toEqual(['a']);
    expect(await catalogChanged(pool, fileOf({ a: '' }))).toBe(false);
  });

  it('fails as its work fails', async () => {
    const { pool } = await database;
    const failing = withCatalogApplied(pool, fileOf({ a: '' }), () =>
      Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(await aliases()).toEqual([]);
  });
});
