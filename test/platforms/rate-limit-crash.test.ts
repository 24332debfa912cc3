import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rateRule } from '../../src/platforms/notion/rate-rule.ts';
import { createRateBudget } from '../../src/platforms/rate-limit.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { postgresUrl, preparePostgres, startPostgres } from '../../src/stack/postgres-server.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';

const NOTION = rateRule('crash', 3);
let directory: ReapedDirectory;
let start: () => Promise<{ db: Database; kill: () => Promise<void> }>;

beforeAll(async () => {
  directory = await createReapedDirectory();
  const data = preparePostgres(join(directory.path, 'postgres'));
  const [port = 0] = await freePorts(1);
  start = async () => {
    const { pid, ended } = await startPostgres(data, port, join(directory.path, 'postgres.log'), {
      // What nobody waited for stays in memory, so that a kill surely forgets it.
      wal_writer_delay: '10s',
      synchronous_commit: 'on',
    });
    directory.watch(pid);
    const db = openDatabase(postgresUrl(port, data.password));
    const kill = async () => {
      process.kill(pid, 'SIGKILL');
      await ended;
      await db.end();
    };
    return { db, kill };
  };
});
afterAll(() => directory.end());

describe('a Postgres that is killed right after grants', () => {
  it('has forgotten none of them: the burst is not given twice', async () => {
    const before = await start();
    await migrate(before.db);
    const budget = createRateBudget(before.db);
    const take = () => budget.take([NOTION], { account: 'acme' });
    const grants = [];
    for (let i = 0; i < NOTION.burst; i += 1) grants.push(await take());
    expect(Math.max(...grants.map(({ wait_ms }) => wait_ms))).toBe(0);
    await before.kill();

    const after = await start();
    const [found] = await createRateBudget(after.db).status();
    expect(found?.used).toBe(NOTION.burst);
    await after.kill();
  });
});
