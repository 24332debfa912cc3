/** Where the servers that global-setup.js started are. */
export interface TestServers {
  /** Administrator's URL of the shared Postgres. */
  readonly postgres: string;
  /** Name of the database that has the appsync schema. */
  readonly template: string;
  /** host:port of the shared Temporal server. */
  readonly temporal: string;
  readonly namespace: string;
  /** The workflow bundle, for `Worker.create({ workflowBundle: { codePath } })`. */
  readonly bundlePath: string;
}

/** Jest's workers inherit the variable from the process that ran the global set-up. */
export function testServers(): TestServers {
  const text = process.env['APPSYNC_TEST_SERVERS'];
  if (text === undefined) throw new Error('the test servers do not run: use `npm test`');
  return JSON.parse(text) as TestServers;
}
