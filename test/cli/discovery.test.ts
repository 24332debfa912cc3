import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resolveArguments } from '../../src/cli/arguments.ts';
import { reservedNames } from '../../src/cli/reserved-names.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { displayWidth } from '../../src/cli/table.ts';
import type { Environment } from '../../src/config.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

const COMMANDS = ['sync-list', 'sync-quick', 'sync-examples', 'sync-cheat', 'sync-inspect'];
/** Names that a shell or a terminal would make something else of; an application is called as a command is. */
const AWKWARD = `
accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
  - { name: airtable, platform: airtable, token: env:AIRTABLE_TOKEN }
applications: [{ slug: help, name: Help }, { slug: skyflow, name: "Sky Flow" }, { slug: clash }]
vaults: [{ id: v1, name: "it's $HOME" }]
users: [{ id: u1, username: "o'ps \`id\`" }]
sources:
  - { alias: artefacts, account: notion, ref: { data_source: 00000000-0000-4000-8000-000000000001 }, app: help, component: "-x", vault: v1, user: u1, every: 1h }
  - { alias: clash, account: notion, ref: { data_source: 00000000-0000-4000-8000-000000000002 }, app: clash, component: "a; b" }
  - { alias: "7", account: notion, ref: { data_source: 00000000-0000-4000-8000-000000000003 }, app: help, component: "\\"quoted\\" $(id) 中文" }
  - { alias: contacts, account: airtable, ref: { base: appAAAAAAAAAAAAAA, table: tblAAAAAAAAAAAAAA }, enabled: false }
`;
const TIDY = `
accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
applications: [{ slug: skyflow, name: Skyflow }]
vaults: [{ id: v1, name: main }]
users: [{ id: u1, username: ops }]
sources:
${['artefacts', 'tasks', 'notes', 'people', 'places', 'things', 'events', 'docs']
  .map(
    (name, i) =>
      `  - { alias: skyflow-${name}, account: notion, ref: { data_source: 00000000-0000-4000-8000-00000000000${i} }, app: skyflow, component: ${name}, vault: main, user: ops }`,
  )
  .join('\n')}
`;

interface Place {
  readonly database: TestDatabase;
  readonly cwd: string;
}
const places: Record<'none' | 'tidy' | 'awkward' | 'many', Place> = {} as typeof places;

async function makePlace(catalog: string | null): Promise<Place> {
  const database = await createTestDatabase();
  const cwd = mkdtempSync(join(tmpdir(), 'appsync-discovery-'));
  const place = { database, cwd };
  if (catalog !== null) {
    writeFileSync(join(cwd, 'appsync.yaml'), catalog);
    expect((await command(place, 'sources apply')).exitCode).toBe(0);
  }
  return place;
}

function command({ database, cwd }: Place, line: string, more: Environment = {}, isTTY = false) {
  // The menu would wait for somebody.
  return run(isTTY && line === 'sync-cheat' ? `${line} --no-menu` : line, {
    cwd,
    env: {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
      NOTION_TOKEN: 'x',
      AIRTABLE_TOKEN: 'x',
      ...more,
    },
    stdoutTTY: isTTY,
    stderrTTY: isTTY,
    columns: 80,
  });
}

beforeAll(async () => {
  places.none = await makePlace(null);
  places.tidy = await makePlace(TIDY);
  places.awkward = await makePlace(AWKWARD);
  places.many = await makePlace(TIDY);
  await places.many.database.pool.query(
    `insert into appsync.source (alias, account_id, ref, external_id, component, table_schema, table_name)
     select 'bulk-' || i, account.id, jsonb_build_object('data_source', i), i, 'component ' || i, 'bulk', 'bulk_' || i
       from generate_series(1, 200) i cross join appsync.account`,
  );
});
afterAll(async () => {
  for (const { database, cwd } of Object.values(places)) {
    await database.drop();
    rmSync(cwd, { recursive: true });
  }
});

describe('where nothing is set up', () => {
  test.each(COMMANDS)('%s starts nothing and names the next command', async (line) => {
    const cwd = mkdtempSync(join(tmpdir(), 'appsync-fresh-'));
    try {
      const { exitCode, stdout, stderr } = await run(line, { cwd });
      expect(exitCode).toBe(0);
      expect(stdout + stderr).toContain('appsync init');
      expect(existsSync(join(cwd, '.appsync'))).toBe(false);
      writeFileSync(join(cwd, 'appsync.yaml'), TIDY);
      const after = await run(line, { cwd });
      expect(after.stdout + after.stderr).toContain('appsync sources apply');
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  test('a database without sources is told the same', async () => {
    for (const line of COMMANDS) {
      const { exitCode, stdout, stderr } = await command(places.none, line);
      expect([line, exitCode, (stdout + stderr).includes('appsync init')]).toEqual([line, 0, true]);
    }
    const { stderr } = await command(places.none, 'sync-inspect nothing');
    expect(stderr).toContain('no source or table "nothing"');
  });
});

describe.each(['none', 'tidy', 'awkward', 'many'] as const)('with names: %s', (name) => {
  test.each(COMMANDS)('%s --json is one document', async (line) => {
    const { exitCode, stdout, stderr } = await command(places[name], `${line} --json`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(typeof JSON.parse(stdout)).toBe('object');
  });

  test('every example, and every command of the sheets, is one that the parser takes', async () => {
    const place = places[name];
    const documents = await Promise.all(
      ['sync-examples', 'sync-quick', 'sync-cheat'].map(
        async (line) => JSON.parse((await command(place, `${line} --json`)).stdout) as unknown,
      ),
    );
    const commands = documents.flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(30);
    for (const words of shellWords(commands)) await expectParsed(words);
  });

  test.each(COMMANDS)('%s fits a terminal of 80 columns where names do', async (line) => {
    const { stdout, stderr } = await command(places[name], line, { NO_COLOR: '1' }, true);
    for (const each of `${stdout}${stderr}`.split('\n')) {
      // A command and a finding are not cut: they would be others.
      if (!/^\s+appsync |^(problem|note): |^ {2}fix/.test(each))
        expect(displayWidth(each)).toBeLessThanOrEqual(80);
    }
  });

  test('sync-quick is one screen', async () => {
    const { stdout } = await command(places[name], 'sync-quick', {}, true);
    const lines = stripVTControlCharacters(stdout).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
  });
});

/** Every `command` in a document. */
function commandsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(commandsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === 'command' ? [String(each)] : commandsIn(each),
  );
}

/** The words of each line, as a shell takes them apart; one shell for all, because starting one takes its time. */
function shellWords(lines: readonly string[]): readonly (readonly string[])[] {
  const script = lines.map((line) => `printf '%s\\0' ${line}; printf '\\1\\0'\n`).join('');
  const out = execFileSync('bash', ['-s'], { input: script }).toString();
  return out
    .split('\u0001\0')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

/** Hands a command line to the command tree, which does nothing but parse. */
async function expectParsed([program, ...words]: readonly string[]): Promise<void> {
  expect(program).toBe('appsync');
  let works = 0;
  const tree = buildProgram(
    async () => void (works += 1),
    () => {},
  );
  const commands = new Set(tree.commands.map((each) => each.name()));
  const platformNames = async () => ['notion', 'airtable'];
  const explicit = await resolveArguments(words, { commands, platformNames });
  await tree.parseAsync([...explicit], { from: 'user' });
  expect([words, works]).toEqual([words, 1]);
}

describe('names', () => {
  const sheet = async () => {
    const { stdout } = await command(places.awkward, 'sync-cheat --json');
    return JSON.parse(stdout) as Record<string, { name: string; command: string }[]>;
  };

  test('that are commands, numbers or of two things are given with their kind', async () => {
    const { applications, sources, components } = await sheet();
    const commands = (rows: readonly { command: string }[] = []) => rows.map((row) => row.command);
    expect(commands(applications)).toEqual([
      'appsync sync-app clash',
      'appsync sync-app help',
      'appsync skyflow',
    ]);
    expect(commands(sources)).toEqual([
      'appsync sync-source 7',
      'appsync artefacts',
      'appsync sync-source clash',
      'appsync contacts',
    ]);
    expect(commands(components)).toContain('appsync all --component -x');
  });

  test('mean what the sheet says', async () => {
    const rows = Object.values(await sheet())
      .flat()
      .filter(({ command: line }) => line !== undefined);
    const words = shellWords(rows.map(({ command: line }) => line));
    // This test's runner splits a line at spaces.
    const typed = words.filter((each) => each.every((word) => !word.includes(' ')));
    expect(typed.length).toBeGreaterThan(8);
    for (const [, ...line] of typed) {
      const { exitCode } = await command(places.awkward, `${line.join(' ')} --dry-run --json`);
      expect([line, exitCode]).toEqual([line, 0]);
    }
  });

  test('with control characters do not act on the terminal', async () => {
    const { pool } = places.many.database;
    await pool.query(
      `update appsync.source set component = E'red \\x1b[31m' where alias = 'skyflow-docs'`,
    );
    for (const line of COMMANDS) {
      const env = { NO_COLOR: '1' };
      const { stdout, stderr } = await command(places.many, line, env, true);
      expect(stdout + stderr).not.toContain('\u001b');
    }
    const { stdout } = await command(places.many, 'sync-cheat');
    expect(stdout).toContain(String.raw`sync-component $'red \x1b[31m'`);
  });

  test('of the new commands were no names of sources that somebody may have', () => {
    for (const word of ['targets', 'quick', 'examples', 'cheat', 'inspect', 'list']) {
      expect(reservedNames()).not.toContain(word);
    }
    for (const line of COMMANDS) expect(reservedNames()).toContain(line);
  });
});

describe('in a pipe and on a terminal', () => {
  test('sync-list prints all names as data, the use of them as a notice', async () => {
    const { stdout, stderr } = await command(places.tidy, 'sync-list');
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toContain('platform\tnotion\t8\t8\t8\tnever\t');
    expect(rows).toContain('application\tskyflow\t8\t8\t8\tnever\t');
    expect(stderr).toContain('sync one: ');
    const all = await command(places.many, 'sync-list');
    expect(all.stdout.match(/^source\t/gm)).toHaveLength(208);
    const shown = await command(places.many, 'sync-list', {}, true);
    expect(stripVTControlCharacters(shown.stdout).match(/^source /gm)).toHaveLength(20);
    expect(shown.stderr).toContain('188 more sources');
  });

  test('colours are for terminals that want them', async () => {
    const colour = '\u001b[';
    const coloured = await command(places.tidy, 'sync-quick', {}, true);
    expect(coloured.stdout).toContain(colour);
    expect((await command(places.tidy, 'sync-quick')).stdout).not.toContain(colour);
  });

  test('examples are by workflow', async () => {
    const { stdout } = await command(places.tidy, 'sync-examples');
    const workflows = new Set(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    expect([...workflows]).toEqual(['daily', 'content', 'import', 'trouble', 'application']);
    expect(stdout).toContain('\tappsync sync-app-component skyflow ');
  });

  test('sync-cheat in a pipe, or with --no-menu, is the sheet alone', async () => {
    const piped = await command(places.tidy, 'sync-cheat');
    expect(piped.stdout).toContain('source\tskyflow-tasks\tappsync skyflow-tasks');
    expect(piped.stdout).toContain('shortcut\tsync-app A\tsync all --app A');
    const shown = await command(places.tidy, 'sync-cheat --no-menu', {}, true);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('Shortcuts');
    expect(shown.stderr).not.toContain('What to sync?');
  });
});

describe('sync-inspect', () => {
  test('in a pipe gives sources as data, and what is wrong as notices with what mends it', async () => {
    const { stdout, stderr } = await command(places.awkward, 'sync-inspect', { NOTION_TOKEN: '' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stdout).toContain('artefacts\tnotion.artefacts\t0\t\t\t\ttoken_missing,never_synced');
    expect(stderr).toContain('NOTION_TOKEN is not set');
    expect(stderr).toContain('fix: export NOTION_TOKEN=<token>');
    expect(stderr).toContain('contacts: disabled');
  });

  test('sums up many sources on a terminal, and gives the whole of one by its name', async () => {
    const many = await command(places.many, 'sync-inspect', { NO_COLOR: '1' }, true);
    expect(many.stdout).toMatch(/^notion +208 +208 /m);
    expect(many.stdout).toMatch(/^note: 208 sources \(bulk-1, /m);
    expect(many.stdout.split('\n').length).toBeLessThan(20);
    const one = await command(places.many, 'sync-inspect bulk-7', { NO_COLOR: '1' }, true);
    expect(one.stdout).toMatch(/^table +bulk\.bulk_7, which is not there$/m);
  });

  test('finds a source by its table, a table without source, and what a slip means', async () => {
    const { pool } = places.tidy.database;
    await pool.query(`create schema if not exists notion; create table notion.skyflow_tasks (
      _id text primary key, _created_at timestamptz, _edited_at timestamptz,
      _synced_at timestamptz not null default now(), _deleted_at timestamptz, _hash text,
      _errors jsonb, _raw json, _run_id text, name text, size text);
      create table notion.left_behind (like notion.skyflow_tasks);
      insert into notion.skyflow_tasks (_id, _deleted_at) values ('a', null), ('b', now());
      insert into appsync.source_column (source_id, field_id, field_name, field_type, column_name, column_type, position)
      select id, f, f, 'kind of ' || f, lower(f), case f when 'Size' then 'numeric' else 'text' end, 1
        from appsync.source, unnest('{Name,Size,Owner}'::text[]) f where alias = 'skyflow-tasks'`);
    const { stdout, stderr } = await command(places.tidy, 'sync-inspect skyflow_tasks');
    expect(stdout).toContain('setting\tsource\tskyflow-tasks\n');
    expect(stdout).toContain('setting\trows\t2\nsetting\tdeleted\t1\n');
    expect(stdout).toContain('column\tname\ttext\tName\tkind of Name\t\n');
    expect(stdout).toContain('column\tsize\ttext\tSize\tkind of Size\taltered, was numeric\n');
    expect(stdout).toContain('column\towner\ttext\tOwner\tkind of Owner\tmissing\n');
    expect(stderr).toContain('lost columns: owner');
    expect(stderr).toContain('fix: appsync sync-source skyflow-tasks');
    const orphan = await command(places.tidy, 'sync-inspect notion.left_behind --json');
    expect(JSON.parse(orphan.stdout)).toMatchObject({
      table: 'notion.left_behind',
      rows: 0,
      rows_estimated: false,
      findings: [{ kind: 'orphan_table' }],
    });
    const slip = await command(places.tidy, 'sync-inspect skyflow-taks');
    expect(slip).toMatchObject({ exitCode: 2 });
    expect(slip.stderr).toContain('did you mean skyflow-tasks');
  });
});

test('--help of a shortcut is that of the command that it stands for', async () => {
  const { stdout } = await run('sync-cheat --help');
  expect(stdout).toContain('--no-menu');
  expect(stdout).toBe((await run('help cheat --help')).stdout);
  expect((await run('sync-list --help')).stdout).toBe((await run('help sources targets')).stdout);
});
