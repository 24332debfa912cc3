import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: simpleWorld({ notion: { Tasks: 120, People: 30 }, airtable: { Orders: 20 } }),
  });
});
afterAll(() => installation.close());

describe('a source that fails', () => {
  it('never stops its siblings, and the run is partial', async () => {
    await installation.catalog((catalog) => {
      catalog.sources.push({
        alias: 'gone',
        account: 'notion',
        ref: { data_source: '00000000-0000-4000-8000-0000000000ff' },
      });
    });
    const summary = await installation.sync();
    expect(summary.status).toBe('partial');
    expect(
      Object.fromEntries(summary.sources.map((source) => [source.alias, source.status])),
    ).toEqual({
      gone: 'failed',
      orders: 'complete',
      people: 'complete',
      tasks: 'complete',
    });
    const gone = summary.sources.find((source) => source.alias === 'gone');
    expect(gone?.error).toMatchObject({ type: 'NotFound' });
    expect(gone?.error?.hint).toBeTruthy();
  });

  it('makes the run failed when no other source is complete', async () => {
    const summary = await installation.sync({ kind: 'source', name: 'gone' });
    expect(summary.status).toBe('failed');
  });
});

describe('a token that is not set', () => {
  it('fails its sources with the variable’s name, and no other platform', async () => {
    await installation.catalog((catalog) => {
      catalog.accounts[1] = { ...catalog.accounts[1], token: 'env:NO_SUCH_TOKEN' };
    });
    const summary = await installation.sync();
    const orders = summary.sources.find((source) => source.alias === 'orders');
    expect(orders).toMatchObject({ status: 'failed', error: { type: 'CredentialMissing' } });
    expect(orders?.error?.message).toContain('NO_SUCH_TOKEN');
    expect(summary.sources.find((source) => source.alias === 'tasks')?.status).toBe('complete');
  });
});
