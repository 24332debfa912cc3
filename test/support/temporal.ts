import { testServers } from './addresses.ts';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly bundlePath: string;
}

/** The shared Temporal server and the prebuilt workflow bundle. Use task queues and ids of your own. */
export function testTemporal(): TestTemporal {
  const { temporal, namespace, bundlePath } = testServers();
  return { address: temporal, namespace, bundlePath };
}
