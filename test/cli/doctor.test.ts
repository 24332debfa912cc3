import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkClock } from '../../src/cli/doctor/clocks.ts';
import { parseCatalog } from '../../src/catalog/file.ts';
import { catalogRules } from '../../src/cli/catalog.ts';
import { findingsOf, type Finding } from '../../src/cli/doctor/finding.ts';
import { askWithToken } from '../../src/cli/doctor/tokens.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { ensureInstallation } from '../../src/catalog/installation.ts';
import type { Environment } from '../../src/config.ts';
import {
  AIRTABLE_TOKEN,
  NOTION_TOKEN,
  simpleWorld,
  startSimulator,
  type Simulator,
} from '../../src/sim/simulator.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

const catalog = (dataSource: string) => `
accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
  - { name: airtable, platform: airtable, token: env:AIRTABLE_TOKEN }
sources:
  - { alias: artefacts, account: notion, ref: { data_source: ${dataSource} } }
  - { alias: elsewhere, account: notion, ref: { data_source: 00000000-0000-4000-8000-0000000000ff } }
`;

interface Told {
  readonly area: string;
  readonly state: string;
  readonly message: string;
  readonly fix: string | null;
  readonly exit_code: number | null;
}

let database: TestDatabase;
let simulator: Simulator;
let cwd: string;
let content: string;
let env: Environment;

beforeAll(async () => {
  database = await createTestDatabase();
  await ensureInstallation(database.pool);
  simulator = await startSimulator({
    world: simpleWorld({ notion: { Artefacts: 3 }, airtable: { Contacts: 2 } }),
  });
});
afterAll(async () => {
  await simulator.close();
  await database.drop();
});
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'appsync-doctor-'));
  content = catalog(simulator.world.source('Artefacts').externalId);
  writeFileSync(join(cwd, 'appsync.yaml'), content);
  env = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
    NOTION_TOKEN,
    AIRTABLE_TOKEN,
  };
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function doctor(more: Environment = {}, options = '') {
  const { exitCode, stdout } = await run(`doctor --json ${options}`, {
    cwd,
    env: { ...env, ...more },
    real: true,
  });
  const { findings } = JSON.parse(stdout) as { findings: readonly Told[] };
  const told = (area: string, state: string) =>
    findings.filter((finding) => finding.area === area && finding.state === state);
  return { exitCode, stdout, findings, told };
}

describe('doctor', () => {
  test('names every failure with its fix, and ends with the code of the worst', async () => {
    const { exitCode, findings, told } = await doctor({ AIRTABLE_TOKEN: 'pat_wrong_and_long' });
    expect(exitCode).toBe(5);
    const fixes = findings.filter(({ state }) => state === 'failed').map(({ fix }) => fix);
    for (const fix of fixes) expect(fix).toBeTruthy();
    expect(told('temporal', 'failed')).toEqual([
      expect.objectContaining({ message: 'no worker asks Temporal for work', exit_code: 5 }),
    ]);
    expect(told('tokens', 'failed')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          message: expect.stringContaining('does not accept the token of account airtable'),
          exit_code: 4,
        }),
        expect.objectContaining({
          message: 'notion: the token does not see elsewhere',
          fix: expect.stringContaining('share them'),
        }),
      ]),
    );
  });

  test('says what each token is and sees, and whether it may read a record', async () => {
    const { told, stdout } = await doctor();
    const messages = told('tokens', 'ok').map(({ message }) => message);
    expect(messages).toEqual(
      expect.arrayContaining([
        'notion: env:NOTION_TOKEN is set',
        expect.stringMatching(/^notion: the token is valid \(/),
        'notion: the token sees 1 source',
        'notion: records of artefacts can be read',
        'airtable: the token sees 1 source',
      ]),
    );
    expect(told('clocks', 'ok').map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('the clock of Postgres agrees'),
        expect.stringContaining('the clock of Notion agrees'),
      ]),
    );
    expect(stdout).not.toContain(NOTION_TOKEN);
    expect(stdout).not.toContain(AIRTABLE_TOKEN);
  });

  describe('in a workspace of many databases, each of which takes a request to be looked through', () => {
    let large: Simulator;
    beforeAll(async () => {
      const titles = Array.from({ length: 120 }, (_, n) => [`Tasks ${n}`, 1] as const);
      large = await startSimulator({
        world: simpleWorld({ notion: Object.fromEntries(titles) }),
        notion: { latencyMs: 40 },
      });
    });
    afterAll(() => large.close());

    test('looks no further once every source of the catalog is seen', async () => {
      const seen = catalog(large.world.source('Tasks 7').externalId).replace(/.*elsewhere.*/, '');
      writeFileSync(join(cwd, 'appsync.yaml'), seen);
      const { told } = await doctor({ NOTION_BASE_URL: large.notionUrl });
      expect(told('tokens', 'ok').map(({ message }) => message)).toEqual(
        expect.arrayContaining([
          'notion: the token sees the 1 source of it in the catalog',
          'notion: records of artefacts can be read',
        ]),
      );
      expect(large.log.count()).toBeLessThan(10);
    });

    test('warns, and still reads a record, when that takes too long', async () => {
      const content = catalog(large.world.source('Tasks 7').externalId);
      const file = parseCatalog(
        content,
        join(cwd, 'appsync.yaml'),
        catalogRules(builtInPlatforms()),
      );
      const findings: Finding[] = [];
      const { salt } = await ensureInstallation(database.pool);
      const signal = AbortSignal.timeout(60_000);
      const clocks = findingsOf('clocks', () => {});
      const notion = builtInPlatforms().get('notion') as Platform;
      await askWithToken(
        {
          platform: notion,
          account: 'notion',
          reference: 'env:NOTION_TOKEN',
          plan: null,
          rate: null,
        },
        NOTION_TOKEN,
        file,
        { NOTION_BASE_URL: large.notionUrl },
        { db: database.pool, salt, signal, now: Date.now, clocks, listingMs: 2_000 },
        findingsOf('tokens', (finding) => findings.push(finding)),
      );
      expect(findings.filter(({ state }) => state !== 'ok')).toEqual([
        expect.objectContaining({
          state: 'warning',
          message: expect.stringMatching(/^notion: .*not seen so far: elsewhere$/),
        }),
      ]);
      expect(findings.map(({ message }) => message)).toContain(
        'notion: records of artefacts can be read',
      );
    });
  });

  test('with --offline sends nothing to the platforms', async () => {
    const before = simulator.log.count();
    const { told } = await doctor({}, '--offline');
    expect(simulator.log.count()).toBe(before);
    expect(told('tokens', 'skipped')).toHaveLength(2);
  });

  test('tells what it can when nothing answers, and is not held up by what hangs', async () => {
    const silent = await listenSilently();
    try {
      const { exitCode, told } = await doctor({
        DATABASE_URL: `postgres://x@127.0.0.1:${silent.port}/x`,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      });
      expect(exitCode).toBe(5);
      expect(told('postgres', 'failed')).toHaveLength(1);
      expect(told('temporal', 'failed')).toHaveLength(1);
      expect(told('catalog', 'ok')).toHaveLength(1);
      expect(told('tokens', 'ok')).toHaveLength(2);
      expect(told('tokens', 'skipped')).toHaveLength(2);
    } finally {
      silent.close();
    }
  });

  test('tells every wrong variable and mistake of the catalog file, and goes on', async () => {
    writeFileSync(join(cwd, 'appsync.yaml'), content.replace('alias: artefacts', 'alias: doctor'));
    const { exitCode, told } = await doctor(
      { APPSYNC_LOG_LEVEL: 'loud', APPSYNC_GRACE_SECONDS: 'long', APPSYNC_BUILD_ID: '1' },
      '--offline',
    );
    expect(exitCode).toBe(5);
    expect(told('environment', 'failed').map(({ message }) => message.split(' ')[0])).toEqual([
      'APPSYNC_LOG_LEVEL',
      'APPSYNC_GRACE_SECONDS',
      'APPSYNC_BUILD_ID',
    ]);
    expect(told('catalog', 'failed')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('alias'), exit_code: 4 }),
    ]);
    expect(told('postgres', 'ok')).toHaveLength(2);
  });

  test('starts nothing: a local stack that is down is said so', async () => {
    const { told } = await doctor(
      { DATABASE_URL: '', TEMPORAL_ADDRESS: '', APPSYNC_HOME: 'home' },
      '--offline',
    );
    for (const area of ['postgres', 'temporal']) {
      expect(told(area, 'skipped')).toEqual([
        expect.objectContaining({ message: 'the local stack is down', fix: 'appsync up' }),
      ]);
    }
    expect(readdirSync(cwd)).toEqual(['appsync.yaml']);
  });

  test('says when the database is not migrated, or by a newer program', async () => {
    const fresh = await createTestDatabase();
    try {
      await fresh.pool.query('insert into appsync.migration (number) values (999999)');
      const newer = await doctor({ DATABASE_URL: fresh.url }, '--offline');
      expect(newer.told('postgres', 'failed')).toEqual([
        expect.objectContaining({ message: expect.stringContaining('newer (999999)') }),
      ]);
      await fresh.pool.query('drop schema appsync cascade');
      const bare = await doctor({ DATABASE_URL: fresh.url }, '--offline');
      expect(bare.told('postgres', 'warning')).toEqual([
        expect.objectContaining({ message: expect.stringContaining('has no tables of appsync') }),
      ]);
    } finally {
      await fresh.drop();
    }
  });

  test('warns of secrets that others can read, with the command that mends it', async () => {
    const path = join(cwd, '.env');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    const open = await doctor({}, '--offline');
    expect(open.told('environment', 'warning')).toEqual([
      expect.objectContaining({ fix: `chmod 600 ${path}` }),
    ]);
    chmodSync(path, 0o600);
    expect((await doctor({}, '--offline')).told('environment', 'warning')).toEqual([]);
  });

  test('says that a home under a file cannot be written to', async () => {
    const home = join(cwd, 'appsync.yaml', 'home');
    const { told } = await doctor({ APPSYNC_HOME: home }, '--offline');
    expect(told('environment', 'failed')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('cannot write to') }),
    ]);
  });

  test('is readable without --json, each fix below its failure', async () => {
    const { stdout } = await run('doctor --offline', { cwd, env });
    expect(stdout).toMatch(
      /^temporal {5}failed {3}no worker asks Temporal for work\n +fix: appsync worker$/m,
    );
  });
});

test('a clock that is off by more than half a minute is a failure', () => {
  const found: Finding[] = [];
  checkClock(
    'Postgres',
    -31_000,
    findingsOf('clocks', (finding) => found.push(finding)),
  );
  expect(found).toEqual([
    expect.objectContaining({
      state: 'failed',
      message: "the clock of Postgres is 31.0 s behind this machine's",
    }),
  ]);
});

/** A server that takes connections and never says a word. */
async function listenSilently(): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    // The client goes away in its own way.
    socket.on('error', () => {});
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
