import { test, expect } from '@jest/globals';
import { createTestDatabase } from '../support/postgres.ts';
import { testTemporal } from '../support/temporal.ts';
test('x', async () => {
  const db = await createTestDatabase();
  console.log(testTemporal(), (await db.pool.query('select * from appsync.migration')).rows);
  await db.drop();
  expect(1).toBe(1);
});
