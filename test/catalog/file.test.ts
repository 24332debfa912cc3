import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { writeCatalogFile } from '../../src/catalog/file.ts';
import { findParsed, parsedFilePath } from '../../src/catalog/parsed-file.ts';
import { readCatalogFile } from '../../src/catalog/read-file.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { ACCOUNTS, parse, refusal, RULES } from './catalog-files.ts';

/** A home that was never made: nothing is kept there. */
const NOWHERE = parsedFilePath('/nowhere');

const source = (keys: string) =>
  `${ACCOUNTS}sources:\n  - { alias: a, account: notion, ref: { data_source: d }${keys} }\n`;

describe('a catalog file', () => {
  it('is read in the form that the README shows', () => {
    const file = parse(`
accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN, plan: business, rate_limit: 2.5 }
applications: [{ slug: skyflow, name: Skyflow }]
vaults: [{ id: v1, name: main }]
users: [{ id: u1, username: ops }]
sources:
  - alias: skyflow-artefacts
    account: notion
    ref: { data_source: 12345678901234567890123456789012 }
    app: skyflow
    component: artefact
    vault: main
    user: ops
    every: 1h
    enabled: false
`);
    expect(file.accounts).toEqual([
      {
        name: 'notion',
        platform: 'notion',
        token: 'env:NOTION_TOKEN',
        plan: 'business',
        rate_limit: 2.5,
      },
    ]);
    expect(file.sources).toEqual([
      {
        alias: 'skyflow-artefacts',
        account: 'notion',
        platform: 'notion',
        ref: { data_source: '12345678901234567890123456789012' },
        external_id: '12345678901234567890123456789012',
        app: 'skyflow',
        component: 'artefact',
        vault: 'v1',
        user: 'u1',
        every: '1h',
        every_seconds: 3600,
        cron: null,
        full_every: null,
        full_every_seconds: null,
        enabled: false,
        table_schema: 'notion',
        table_name: 'skyflow_artefacts',
        content: null,
      },
    ]);
  });

  it('may look like the example', async () => {
    const rules = { ...RULES, platforms: builtInPlatforms() };
    const example = await readCatalogFile('appsync.example.yaml', rules, NOWHERE);
    expect(example?.sources.map(({ alias, enabled }) => [alias, enabled])).toEqual([
      ['skyflow-artefacts', true],
      ['skyflow-orders', false],
      ['users', true],
      ['bases', true],
      ['tables', true],
    ]);
  });

  it('may be empty, hold comments only, or leave keys empty', () => {
    expect(parse('').sources).toEqual([]);
    expect(parse('# later\n').sources).toEqual([]);
    expect(parse('sources:\naccounts: []\n').sources).toEqual([]);
    expect(parse(source(', app: , every: ~, component: null')).sources[0]).toMatchObject({
      app: null,
      every: null,
      component: null,
      enabled: true,
    });
  });

  it('keeps ids and names as they are written', () => {
    const file = parse('vaults: [{ id: 007, name: no }, { id: 1e3, name: 2024 }]');
    expect(file.vaults).toEqual([
      { id: '007', name: 'no' },
      { id: '1e3', name: '2024' },
    ]);
  });

  it.each([
    ['alias: Big', 'sources[0].alias must be lower-case'],
    ['alias: sync', '"sync" is a command or shortcut'],
    ['alias: all', '"all" is the target'],
    ['alias: notion', '"notion" is a platform'],
    ['alias: sync-airtable', '"sync-airtable" is a shortcut'],
    ['account: notoin', '"notoin" is not one of the accounts'],
    ['ref: { base: b }', 'sources[0].ref.data_source is wrong'],
    ['ref: 7', 'sources[0].ref must be a map'],
  ])('is refused with %s', (key, message) => {
    const keys = new Map([
      ['alias', 'x'],
      ['account', 'notion'],
      ['ref', '{ data_source: d }'],
    ]);
    const [name = '', ...value] = key.split(': ');
    keys.set(name, value.join(': '));
    const text = [...keys].map((pair) => pair.join(': ')).join(', ');
    expect(refusal(`${ACCOUNTS}sources:\n  - { ${text} }\n`).message).toContain(message);
  });

  it.each([
    ['app: x', '"x" is not one of the applications'],
    ['vault: x', '"x" is not one of the vaults'],
    ['user: x', '"x" is not one of the users'],
    ['every: 1w', '"1w" is not a duration'],
    ['cron: "1 2 3"', '"1 2 3" is not a cron expression'],
    ['cron: "0 6 30 2 *"', 'names a time that never comes'],
    ['every: 1h, cron: "0 6 * * *"', 'sources[0].cron stands beside every'],
    ['enabled: yes', 'sources[0].enabled must be true or false'],
    ['table: x', 'sources[0].table must be schema.name'],
    ['table: pg_catalog.x', 'must not be in a schema of Postgres'],
    ['table: appsync.x', 'must not be in a schema of Postgres'],
    ['content: html', 'sources[0].content must be markdown'],
    ['tabel: notion.x', 'sources[0].tabel is not a key that is known here'],
  ])('is refused with a source that says %s', (keys, message) =>
    expect(refusal(source(`, ${keys}`)).message).toContain(message),
  );

  it('takes content where the platform gives it, and says where it does not', () => {
    expect(parse(source(', content: markdown')).sources[0]?.content).toBe('markdown');
    expect(parse(source('')).sources[0]?.content).toBeNull();
    const { message, hint } = refusal(
      `${ACCOUNTS}sources:\n  - { alias: a, account: airtable, ref: { base: b, table: t }, content: markdown }\n`,
    );
    expect(message).toContain('sources[0].content markdown is not what airtable gives');
    expect(hint).toContain('take it out of source a');
  });

  it.each([
    ['accounts: [{ name: n, platform: notoin, token: env:T }]', '"notoin" is not a platform'],
    [
      'accounts: [{ name: n, platform: notion, token: env:T, plan: gold }]',
      '"gold" is not a plan of notion',
    ],
    [
      'accounts: [{ name: n, platform: notion, token: env:T, rate_limit: fast }]',
      'must be a number',
    ],
    [
      'accounts: [{ name: n, platform: notion, token: env:T, rate_limit: 0 }]',
      'must be at least 0.01',
    ],
    ['accounts: [{ name: n, platform: notion }]', 'accounts[0].token is missing'],
    ['accounts: [notion]', 'accounts[0] must be a map'],
    ['accounts: { name: n }', 'accounts must be a list'],
    ['- x', 'must be a map of sections'],
    ['source: []', 'source is not a key that is known here'],
    ['vaults: [{ id: a }, { id: b, name: a }]', '"a" is already a word for vaults[0]'],
    ['applications: [{ slug: a }, { slug: a }]', '"a" is already a word for applications[0]'],
    [
      `${ACCOUNTS}  - { name: notion, platform: notion, token: env:T }`,
      '"notion" is already that of accounts[0]',
    ],
    ['a: [1, 2', 'is not YAML'],
    ['a: 1\na: 2', 'map keys must be unique'],
  ])('is refused with %s', (text, message) => expect(refusal(text).message).toContain(message));

  it('names file, line and key of what is wrong, and what to do', () => {
    const { message, hint } = refusal(
      `${ACCOUNTS}sources:\n  - alias: a\n    account: notoin\n    ref: { data_source: d }\n`,
    );
    expect(message).toBe(
      '/checkout/appsync.yaml:6: sources[0].account "notoin" is not one of the accounts',
    );
    expect(hint).toBe('did you mean notion? add it under accounts:');
  });

  it('names all that is wrong together, by line, and no consequence of it', () => {
    const { message, reason } = refusal(`accounts:
  - { name: notion, platform: notion, token: oops }
applications: [{ slug: Sky }]
sources:
  - alias: a
    account: notion
    ref: { data_source: d }
    every: often
  - alias: a
    account: other
    ref: { data_source: d }
`);
    expect(message).toBe('/checkout/appsync.yaml has 5 mistakes');
    expect(reason.split('\n').map((line) => /:(\d+): (\S+)/.exec(line)?.slice(1))).toEqual([
      ['2', 'accounts[0].token'],
      ['3', 'applications[0].slug'],
      ['8', 'sources[0].every'],
      ['9', 'sources[1].alias'],
      ['10', 'sources[1].account'],
    ]);
  });

  it('is refused when two sources have one table', () => {
    const two = (a: string, b: string) => `${ACCOUNTS}sources:
  - { alias: ${a}, account: notion, ref: { data_source: d } }
  - { alias: ${b}, account: notion, ref: { data_source: e } }
`;
    expect(refusal(two('my-plan', 'my_plan')).message).toContain(
      'its table notion.my_plan is already that of my-plan',
    );
    expect(refusal(two('a, table: x.y', 'b, table: x.y')).message).toContain(
      ':6: sources[1].table',
    );
  });

  it.each([
    'accounts: [{ name: n, platform: notion, token: ntn_verysecret123 }]',
    'accounts: [{ name: n, platform: ntn_verysecret123, token: env:T }]',
    'accounts: [{ name: n, platform: notion, token: env:T, ntn_verysecret123: x }]',
    'accounts: [{ name: n, platform: notion, token: "ntn_verysecret123',
    'accounts:\n  - token: ntn_verysecret123\n   name: x',
    'sources: [{ alias: ntn_verysecret123, account: secret_verysecret123, ref: { data_source: d } }]',
    'sources: [{ alias: a, account: n, ref: { ntn_verysecret123: x } }]',
    'accounts: [{ name: notion, platform: notion, token: env:T }]\nsources: [{ alias: a, account: notion, ref: { ntn_verysecret123: x } }]',
    'accounts: ntn_verysecret123',
    'ntn_verysecret123',
    'a: |ntn_verysecret123\n  b',
    'a: !ntn_verysecret123 b',
    'a: *ntn_verysecret123',
  ])('never repeats a token that was put where none belongs: %s', (text) => {
    const { message, reason, hint } = refusal(text);
    expect(`${message}${reason}${hint}`).not.toContain('verysecret123');
  });
});

describe('reading and writing the file', () => {
  const folder = mkdtemp(join(tmpdir(), 'catalog-'));
  afterAll(async () => rm(await folder, { recursive: true }));

  it('finds no file where there is none', async () =>
    expect(await readCatalogFile(join(await folder, 'none.yaml'), RULES, NOWHERE)).toBeNull());

  it('replaces the file at once and leaves nothing beside it', async () => {
    const path = join(await folder, 'appsync.yaml');
    await writeFile(path, 'old');
    await writeCatalogFile(path, ACCOUNTS);
    expect(await readFile(path, 'utf8')).toBe(ACCOUNTS);
    expect(await readdir(await folder)).toEqual(['appsync.yaml']);
    expect(await readCatalogFile(path, RULES, NOWHERE)).toMatchObject({ path, content: ACCOUNTS });
  });

  it('says when a file cannot be read or written', async () => {
    await expect(readCatalogFile(await folder, RULES, NOWHERE)).rejects.toMatchObject({
      exitCode: 4,
    });
    await expect(writeCatalogFile(join(await folder, 'no', 'x.yaml'), '')).rejects.toMatchObject({
      exitCode: 4,
    });
  });

  describe('keeps what a text says', () => {
    const text = source(', enabled: false, component: "null", vault: ~');
    const place = async (name: string, content: string) => {
      const home = join(await folder, name);
      await mkdir(home, { recursive: true });
      const path = join(home, 'appsync.yaml');
      await writeFile(path, content);
      const kept = parsedFilePath(home);
      return { home, path, kept, read: () => readCatalogFile(path, RULES, kept) };
    };

    it('so that the next command reads the same without parsing it', async () => {
      const { home, path, kept, read } = await place('same', text);
      const first = await read();
      expect(first?.sources).toMatchObject([{ alias: 'a', component: 'null', vault: null }]);
      const found = await findParsed(kept, first?.content_hash ?? '');
      expect(found).toMatchObject({ sources: [{ alias: 'a', enabled: 'false' }] });
      expect(await read()).toEqual(first);
      // What is kept is what is read: parsed again, the alias would still be `a`.
      await writeFile(kept, (await readFile(kept, 'utf8')).replace('"alias":"a"', '"alias":"b"'));
      expect((await read())?.sources).toMatchObject([{ alias: 'b' }]);
      expect(path.startsWith(home)).toBe(true);
      expect((await stat(kept)).mode & 0o777).toBe(0o600);
    });

    it('until it changes', async () => {
      const { path, read } = await place('changed', text);
      await read();
      await writeFile(path, text.replace('alias: a', 'alias: other'));
      expect((await read())?.sources).toMatchObject([{ alias: 'other' }]);
    });

    it('and tells mistakes by their lines, also of a text that was right for another build', async () => {
      const { read, path, kept } = await place('rules', text);
      await read();
      const stricter = { ...RULES, reserved: [...RULES.reserved, 'a'] };
      await expect(readCatalogFile(path, stricter, kept)).rejects.toMatchObject({
        message: expect.stringContaining('appsync.yaml:5: sources[0].alias "a" is a command'),
      });
    });

    it.each(['', '{', '{"content_hash": 1}', '[]', 'null'])(
      'and parses it when what was kept is damaged: %s',
      async (damaged) => {
        const { kept, read } = await place('damaged', text);
        await writeFile(kept, damaged);
        expect((await read())?.sources).toMatchObject([{ alias: 'a' }]);
      },
    );

    it('but nothing of a file that is wrong', async () => {
      const { home, read } = await place('wrong', source(', token: ntn_verysecret123'));
      await expect(read()).rejects.toThrow();
      expect(await readdir(home)).toEqual(['appsync.yaml']);
    });
  });
});
