import { describe, expect, it } from '@jest/globals';
import { DEMO_SOURCES, demoWorld } from '../../src/sim/demo-world.ts';
import { runSimulator } from '../../src/sim/run-simulator.ts';
import { withSimulator } from './clients.ts';

interface Ready {
  readonly notion_url: string;
  readonly control_url: string;
  readonly notion_token: string;
  readonly sources: number;
  readonly records: number;
}

/** What the control endpoint may answer. */
interface Answer {
  readonly result?: readonly string[];
  readonly ids?: readonly string[];
  readonly records?: Readonly<Record<string, unknown>>;
  readonly requests?: readonly unknown[];
  readonly notion?: object;
  readonly markdown?: string;
}

/** Runs a simulator as its process would, until the test is done with it. */
async function running(
  args: readonly string[],
  test: (ready: Ready) => Promise<void>,
): Promise<number> {
  const stop = new AbortController();
  let ended: Promise<number> | undefined;
  const line = await new Promise<string>((stdout) => {
    ended = runSimulator(args, { stdout, stderr: () => undefined, stop: stop.signal });
  });
  try {
    await test(JSON.parse(line) as Ready);
  } finally {
    stop.abort();
  }
  return (await ended) ?? -1;
}

describe('the demo world', () => {
  it('has eight sources on both platforms, as its description says', () =>
    withSimulator({ world: demoWorld() }, async ({ world }) => {
      const described = DEMO_SOURCES.map(({ title, records, ref }) => ({
        title,
        records,
        externalId: 'data_source' in ref ? ref.data_source : `${ref.base}/${ref.table}`,
      }));
      const known = world
        .sources()
        .map(({ title, records, externalId }) => ({ title, records, externalId }));
      expect(known).toEqual(expect.arrayContaining(described));
      expect(known).toHaveLength(8);
      expect(world.sources().reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(
        20_000,
      );
    }));

  it('can be catalogued with two applications, three components, two vaults and two users', () => {
    const count = (key: 'application' | 'component' | 'vault' | 'user' | 'alias') =>
      new Set(DEMO_SOURCES.map((source) => source[key])).size;
    expect([
      count('application'),
      count('component'),
      count('vault'),
      count('user'),
      count('alias'),
    ]).toEqual([2, 3, 2, 2, 8]);
  });
});

describe('the simulator as a process', () => {
  it('says where it is in one line, and stops when told to', async () => {
    const code = await running(['--records', '200', '--no-limits'], async (ready) => {
      expect(ready).toMatchObject({ sources: 8, notion_token: 'ntn_simulated_0001' });
      const answer = await fetch(`${ready.notion_url}/v1/users/me`, {
        headers: { authorization: `Bearer ${ready.notion_token}`, 'notion-version': '2026-03-11' },
      });
      expect(answer.status).toBe(200);
    });
    expect(code).toBe(0);
  });

  it('can be driven from another process', () =>
    running(
      ['--records', '200', '--no-limits'],
      async ({ control_url, notion_url, notion_token }) => {
        const control = async (method: string, path: string, body?: unknown) => {
          const answer = await fetch(`${control_url}/${path}`, {
            method,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          return { status: answer.status, body: (await answer.json()) as Answer };
        };
        const source = 'Skyflow Tasks';
        const made = await control('POST', 'edit', {
          operation: 'createRecords',
          source,
          records: [{ Name: 'Via HTTP' }],
        });
        const [id = ''] = made.body.result ?? [];
        const truth = await control('GET', `truth?source=${encodeURIComponent(source)}`);
        expect(truth.body.ids).toContain(id);
        expect(JSON.stringify(truth.body.records?.[id])).toContain('Via HTTP');
        const body = { operation: 'editBody', source, id, markdown: '# Via HTTP' };
        expect((await control('POST', 'edit', body)).status).toBe(200);
        const page = `source=${encodeURIComponent(source)}&id=${id}`;
        expect((await control('GET', `body?${page}`)).body.markdown).toBe('# Via HTTP');
        await control('POST', 'faults', {
          path: '/users/me',
          effect: { kind: 'named', name: 'bad gateway' },
        });
        const headers = { authorization: `Bearer ${notion_token}`, 'notion-version': '2026-03-11' };
        expect((await fetch(`${notion_url}/v1/users/me`, { headers })).status).toBe(502);
        const log = await control('GET', 'log');
        expect(log.body.requests).toMatchObject([
          { path: '/v1/users/me', status: 502, fault: 'named' },
        ]);
        expect(await control('POST', 'edit', { operation: 'nothing' })).toMatchObject({
          status: 400,
        });
        expect(
          (await control('POST', 'knobs', { notion: { queryCap: 50 } })).body.notion,
        ).toMatchObject({ queryCap: 50 });
      },
    ));

  it('refuses options that it does not know', async () => {
    const told: string[] = [];
    const io = {
      stdout: () => undefined,
      stderr: (text: string) => told.push(text),
      stop: AbortSignal.abort(),
    };
    expect(await runSimulator(['--prot', '1'], io)).toBe(2);
    expect(await runSimulator(['--seed', 'x'], io)).toBe(2);
    expect(told.join('')).toContain('usage: simulator');
  });
});
