import { randomBytes } from 'node:crypto';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkSearchAttributes,
  connectTemporal,
  type TemporalConnection,
} from '../../src/client.ts';
import { refuseMethod } from '../support/refusing-temporal.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const BARE = `bare-${randomBytes(4).toString('hex')}`;
let temporal: TemporalConnection;

beforeAll(async () => {
  temporal = await connectTemporal({ address: testTemporal().address, env: {} });
  await temporal.client.workflowService.registerNamespace({
    namespace: BARE,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
});
afterAll(() => temporal.close());

describe('the search attributes of a namespace', () => {
  it('are found where they are registered', async () => {
    expect(await checkSearchAttributes(temporal)).toBe('registered');
  });

  it('that lacks them are named with the command that makes them', async () => {
    const check = () => checkSearchAttributes({ ...temporal, namespace: BARE });
    // Temporal tells its parts of a new namespace one after the other.
    await until(() =>
      check().then(
        () => true,
        (error: Error) => error.message.includes('lacks'),
      ),
    );
    await expect(check()).rejects.toMatchObject({
      exitCode: 5,
      message: `namespace ${BARE} lacks the search attributes AppsyncPlatform, AppsyncSource, AppsyncTarget, AppsyncStatus`,
      hint: `temporal operator search-attribute create --namespace ${BARE} --name AppsyncPlatform --type Keyword --name AppsyncSource --type Keyword --name AppsyncTarget --type Keyword --name AppsyncStatus --type Keyword`,
    });
  });

  it('are not known to a credential that may not list them, which keeps nobody from starting runs', async () => {
    const server = await refuseMethod(testTemporal().address, 'ListSearchAttributes');
    const restricted = await connectTemporal({ address: server.address, env: {} });
    try {
      await restricted.client.workflowService.getSystemInfo({});
      expect(await checkSearchAttributes(restricted)).toBe('unknown');
    } finally {
      await restricted.close();
      await server.close();
    }
  });
});
