import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
import { run } from './fake-io.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test.each([
  ['sources list', 0, 'no sources yet; next: appsync init'],
  ['sync-dry', 0, 'no sources yet; next: appsync init'],
  ['sync-due --dry-run', 0, 'no sources yet; next: appsync init'],
  ['runs list', 0, 'no runs yet: appsync sync starts one'],
  ['runs show', 2, 'hint: appsync sync'],
  ['runs watch', 2, 'hint: appsync sync'],
  ['quarantine list', 0, 'no record is in quarantine'],
  ['schedule list', 0, 'appsync schedule set --every 15m all'],
])('without any source, %s says what to do next', async (line, code, words) => {
  const { exitCode, stdout, stderr } = await run(line, {
    env: { DATABASE_URL: database.url, TEMPORAL_ADDRESS: testTemporal().address },
  });
  expect([exitCode, stdout]).toEqual([code, '']);
  expect(stderr).toContain(words);
});

test('without any source, health says so', async () => {
  const { stdout } = await run('health', {
    env: { DATABASE_URL: database.url, TEMPORAL_ADDRESS: testTemporal().address },
    real: true,
  });
  expect(stdout).toContain('no source is enabled; next: appsync sources list\n');
});
