import { afterAll, describe, expect, it } from '@jest/globals';
import { findAccount, listAccounts } from '../../src/catalog/accounts.ts';
import { applyCatalog } from '../../src/catalog/apply.ts';
import { ensureInstallation } from '../../src/catalog/installation.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { parse } from './catalog-files.ts';

const database = createTestDatabase();
afterAll(async () => (await database).drop());

describe('the installation', () => {
  it('is made once, also when many ask for it at the same time', async () => {
    const { pool } = await database;
    const made = await Promise.all(Array.from({ length: 10 }, () => ensureInstallation(pool)));
    expect(new Set(made.map(({ id, salt }) => `${id} ${salt}`)).size).toBe(1);
    expect(made[0]?.id).toMatch(/^[0-9a-f]{8}$/);
    expect(made[0]?.salt).toMatch(/^[0-9a-f]{32}$/);
    expect(await ensureInstallation(pool)).toEqual(made[0]);
  });
});

describe('accounts', () => {
  it('are found by name, with rates as numbers', async () => {
    const { pool } = await database;
    await applyCatalog(
      pool,
      parse(`accounts:
  - { name: main, platform: notion, token: env:T, plan: business, rate_limit: 2.5 }
  - { name: base, platform: airtable, token: file:/run/token }`),
    );
    const main = {
      name: 'main',
      platform: 'notion',
      token_ref: 'env:T',
      plan: 'business',
      rate_limit: 2.5,
    };
    expect(await findAccount(pool, 'main')).toEqual(main);
    expect(await listAccounts(pool)).toEqual([
      {
        name: 'base',
        platform: 'airtable',
        token_ref: 'file:/run/token',
        plan: null,
        rate_limit: null,
      },
      main,
    ]);
    await expect(findAccount(pool, 'none')).rejects.toMatchObject({ exitCode: 4 });
  });
});
