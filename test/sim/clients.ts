import { Client, LogLevel } from '@notionhq/client';
import Airtable from 'airtable';
import {
  AIRTABLE_TOKEN,
  NO_LIMITS,
  NOTION_TOKEN,
  startSimulator,
} from '../../src/sim/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/sim/simulator.ts';

/** Runs a test against a simulator of its own, without rate limits unless it sets them. */
export async function withSimulator(
  options: SimulatorOptions,
  test: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator({
    ...options,
    notion: { ...NO_LIMITS.notion, ...options.notion },
    airtable: { ...NO_LIMITS.airtable, ...options.airtable },
  });
  try {
    await test(simulator);
  } finally {
    await simulator.close();
  }
}

export function notionClient(
  simulator: Simulator,
  options: { token?: string; version?: '2025-09-03' | '2026-03-11'; timeoutMs?: number } = {},
): Client {
  return new Client({
    auth: options.token ?? NOTION_TOKEN,
    baseUrl: simulator.notionUrl,
    retry: false,
    logLevel: LogLevel.ERROR,
    logger: () => undefined,
    ...(options.version === undefined ? {} : { notionVersion: options.version }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
}

interface AirtableAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface AirtableRequest {
  readonly method?: string;
  readonly path: string;
  readonly qs?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** `base.makeRequest` of the official client; `base` may also be `meta`. */
export function airtableRequest(
  simulator: Simulator,
  base: string,
  request: AirtableRequest,
  token = AIRTABLE_TOKEN,
): Promise<AirtableAnswer> {
  const client = new Airtable({
    apiKey: token,
    endpointUrl: simulator.airtableUrl,
    noRetryIfRateLimited: true,
  });
  // The type of makeRequest promises `any`; tests look at nothing that they did not check.
  return client.base(base).makeRequest(request as never) as Promise<AirtableAnswer>;
}

export interface RecordList {
  readonly records: readonly {
    readonly id: string;
    readonly createdTime: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }[];
  readonly offset?: string;
}

export async function listRecords(
  simulator: Simulator,
  source: string,
  qs: Readonly<Record<string, unknown>> = {},
): Promise<RecordList> {
  const [base = '', table = ''] = source.split('/');
  const { body } = await airtableRequest(simulator, base, { path: `/${table}`, qs });
  return body as RecordList;
}

/** Every record of a listing, page by page. */
export async function listAllRecords(
  simulator: Simulator,
  source: string,
  qs: Readonly<Record<string, unknown>> = {},
) {
  const records: RecordList['records'][number][] = [];
  let offset: string | undefined;
  do {
    const page = await listRecords(
      simulator,
      source,
      offset === undefined ? qs : { ...qs, offset },
    );
    records.push(...page.records);
    offset = page.offset;
  } while (offset !== undefined);
  return records;
}

/** The status and the server's own type of an error, whatever the client made of it. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('It should have failed');
}
