import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import {
  connectTemporal,
  startRun,
  waitForRun,
  type TemporalConnection,
} from '../../src/client.ts';
import { runWorkflowId } from '../../src/contract/names.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import { NOTION_TOKEN, simpleWorld } from '../../src/sim/simulator.ts';
import { insertRun, readRunSummary } from '../../src/store/runs.ts';
import { readEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { payloadCodec } from '../../src/temporal/payload-encryption.ts';
import { runAppsync } from '../support/cli-process.ts';
import { historiesOf } from '../support/histories.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { testTemporal } from '../support/temporal.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const newKey = () => randomBytes(32).toString('base64');
const KEY = newKey();

describe('the payload codec', () => {
  const codecOf = (env: Record<string, string>) => payloadCodec(readEncryptionKeys(env));
  const plain = () => [defaultPayloadConverter.toPayload({ text: 'in the clear' })];

  it('reads what the current or an old key encrypted, and what nobody encrypted', async () => {
    const encrypted = await codecOf({ APPSYNC_ENCRYPTION_KEY: KEY }).encode(plain());
    expect(Buffer.from(encrypted[0]?.data ?? []).toString('latin1')).not.toContain('clear');
    const later = codecOf({ APPSYNC_ENCRYPTION_KEY: newKey(), APPSYNC_ENCRYPTION_OLD_KEYS: KEY });
    const [read] = await later.decode(encrypted);
    expect(defaultPayloadConverter.fromPayload(read as never)).toEqual({ text: 'in the clear' });
    expect(await later.decode(plain())).toEqual(plain());
  });

  it('names the key that is missing, and refuses what was tampered with', async () => {
    const keys = readEncryptionKeys({ APPSYNC_ENCRYPTION_KEY: KEY });
    const [encrypted] = await payloadCodec(keys).encode(plain());
    await expect(codecOf({}).decode([encrypted as never])).rejects.toThrow(
      `encrypted with key ${keys.current?.id}`,
    );
    const data = Buffer.from(encrypted?.data ?? []);
    data[20] = (data[20] ?? 0) ^ 1;
    await expect(payloadCodec(keys).decode([{ ...encrypted, data }])).rejects.toThrow();
  });

  it('takes a key from a file or another variable, and shows none that is wrong', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'appsync-key-'));
    const path = join(directory, 'key');
    await writeFile(path, `${KEY}\n`);
    const ids = [KEY, `file:${path}`, 'env:OTHER'].map(
      (text) => readEncryptionKeys({ APPSYNC_ENCRYPTION_KEY: text, OTHER: KEY }).current?.id,
    );
    await rm(directory, { recursive: true });
    expect(new Set(ids).size).toBe(1);
    const short = randomBytes(31).toString('base64');
    const refuse = () => readEncryptionKeys({ APPSYNC_ENCRYPTION_KEY: short });
    expect(refuse).toThrow('APPSYNC_ENCRYPTION_KEY is not a key of 32 bytes in base64');
    expect(refuse).not.toThrow(short);
  });
});

describe('an installation with an encryption key', () => {
  let installation: TestInstallation;
  let temporal: TemporalConnection;
  const worker = () => startWorkerProcess(installation, { APPSYNC_ENCRYPTION_KEY: KEY });

  beforeAll(async () => {
    installation = await startInstallation({
      worker: 'spawned',
      world: simpleWorld({ notion: { Tasks: 120 }, airtable: { Orders: 30 } }),
    });
    await installation.catalog((catalog) => {
      for (const account of catalog.accounts)
        account['name'] = `planted-${String(account['name'])}`;
      for (const source of catalog.sources) {
        source['account'] = `planted-${String(source['account'])}`;
      }
    });
    temporal = await connectTemporal({
      address: testTemporal().address,
      env: { APPSYNC_ENCRYPTION_KEY: KEY },
    });
    await worker().healthUrl();
  });
  afterAll(async () => {
    await temporal.close();
    await installation.close();
  });

  async function sync(runId: string) {
    const { id, database } = installation;
    const run = { run_id: runId, filters: {}, options: DEFAULT_OPTIONS };
    const workflow_id = runWorkflowId(id, runId);
    await insertRun(database.pool, { ...run, workflow_id, target: 'all' });
    await startRun(temporal, { ...run, installation: id, target: { kind: 'all' } });
    await waitForRun(temporal, workflow_id);
    return readRunSummary(database.pool, runId);
  }

  it('leaves no plain text in histories: neither inputs and results nor messages of failures', async () => {
    const { simulator, id } = installation;
    expect(await sync(`${id}-encrypted`)).toMatchObject({ status: 'complete' });
    simulator.world.setRevoked(NOTION_TOKEN, true);
    const summary = await sync(`${id}-refused`);
    simulator.world.setRevoked(NOTION_TOKEN, false);
    const failed = summary?.sources.find(({ status }) => status === 'failed');
    expect(failed?.error?.message).toContain('planted-notion');

    const histories = (
      await historiesOf(
        installation.temporal.client,
        `AppsyncTarget = 'all' OR AppsyncPlatform = 'notion' OR AppsyncPlatform = 'airtable'`,
      )
    ).filter(({ workflowId }) => workflowId.includes(id));
    expect(histories.length).toBeGreaterThan(5);
    const texts = histories.map(({ text }) => text);
    expect(texts.some((text) => text.includes('activityTaskFailedEventAttributes'))).toBe(true);
    for (const text of texts) {
      // Short answers, or a failed test prints them all.
      expect(/planted-|does not accept|"read":|batch_size/.exec(text)?.[0]).toBeUndefined();
      expect(text.includes('"encoding":"binary/encrypted"')).toBe(true);
      expect(text.includes('"encoding":"json/plain"')).toBe(false);
    }
  });

  it('refuses a worker and a command without the key, clearly', async () => {
    const without = startWorkerProcess(installation);
    expect((await without.ended).code).toBe(4);
    expect(without.log()).toContain('which this process does not have');
    const directory = await mkdtemp(join(tmpdir(), 'appsync-no-key-'));
    const { code, stderr } = await runAppsync(['runs', 'list'], directory, {
      DATABASE_URL: installation.database.url,
      TEMPORAL_ADDRESS: testTemporal().address,
    });
    await rm(directory, { recursive: true });
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /error: payloads of this installation are encrypted with key [0-9a-f]{8}/,
    );
    expect(stderr).toMatch(/hint: .*APPSYNC_ENCRYPTION_OLD_KEYS/);
  });

  it('goes over to a new key once the old one is listed for reading', async () => {
    const env = { APPSYNC_ENCRYPTION_KEY: newKey(), APPSYNC_ENCRYPTION_OLD_KEYS: KEY };
    const rotated = startWorkerProcess(installation, env);
    await rotated.healthUrl();
    rotated.child.kill('SIGTERM');
    await rotated.ended;
    const stale = startWorkerProcess(installation, { APPSYNC_ENCRYPTION_KEY: KEY });
    expect((await stale.ended).code).toBe(4);
  });
});
