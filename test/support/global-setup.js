import './typescript.js';

/** Starts what all test files share; see servers.ts. */
export default async function setUp() {
  const { startServers } = await import('./servers.ts');
  const { addresses, stop } = await startServers();
  process.env.APPSYNC_TEST_SERVERS = JSON.stringify(addresses);
  globalThis.stopAppsyncTestServers = stop;
}
