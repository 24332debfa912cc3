import type { AddressInfo } from 'node:net';
import { AirtableApi } from './airtable/api.ts';
import { buildAccount } from './airtable/build-account.ts';
import { AIRTABLE_DEFAULTS } from './airtable/knobs.ts';
import type { AirtableKnobs } from './airtable/knobs.ts';
import { createClock } from './clock.ts';
import type { SimClock } from './clock.ts';
import { createControl } from './control.ts';
import { FaultPlan } from './faults.ts';
import type { Fault } from './faults.ts';
import { closeServer, listen } from './http-server.ts';
import { NotionApi } from './notion/api.ts';
import { buildWorkspace } from './notion/build-workspace.ts';
import { NOTION_DEFAULTS } from './notion/knobs.ts';
import type { NotionKnobs } from './notion/knobs.ts';
import { RequestLog } from './request-log.ts';
import type { WorldSpec } from './world-spec.ts';
import { SimWorld } from './world.ts';

export { AIRTABLE_TOKEN, NOTION_TOKEN, simpleWorld } from './world-spec.ts';
export type { WorldSpec } from './world-spec.ts';
export type { SimWorld } from './world.ts';
export type { Fault, FaultEffect, FaultPlan } from './faults.ts';
export type { LoggedRequest, RequestLog } from './request-log.ts';

export interface SimulatorOptions {
  readonly world: WorldSpec;
  /** The same world and seed give the same ids and values. Default 1. */
  readonly seed?: number;
  /** Default 0: a free port. */
  readonly port?: number;
  /** Source of the time that the APIs show; waiting is measured in real time whatever it says. */
  readonly now?: () => number;
  readonly notion?: Partial<NotionKnobs>;
  readonly airtable?: Partial<AirtableKnobs>;
  readonly faults?: readonly Fault[];
}

export interface Simulator {
  /** Origins, for NOTION_BASE_URL and AIRTABLE_ENDPOINT_URL. */
  readonly notionUrl: string;
  readonly airtableUrl: string;
  readonly port: number;
  readonly world: SimWorld;
  readonly log: RequestLog;
  readonly faults: FaultPlan;
  readonly clock: SimClock;
  /** May be changed while it runs. */
  readonly knobs: { readonly notion: NotionKnobs; readonly airtable: AirtableKnobs };
  /** Makes every cursor and offset invalid, as a restart of the servers does. */
  expireCursors(): void;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Knobs without rate limits. */
export const NO_LIMITS = {
  notion: { rateLimit: 0 },
  airtable: { rateLimit: 0, tokenRateLimit: 0 },
} as const satisfies { notion: Partial<NotionKnobs>; airtable: Partial<AirtableKnobs> };

/** Starts Notion (under /v1) and Airtable (under /v0) on one port of 127.0.0.1. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const seed = options.seed ?? 1;
  const clock = createClock(options.now);
  const knobs = {
    notion: { ...NOTION_DEFAULTS, ...options.notion },
    airtable: { ...AIRTABLE_DEFAULTS, ...options.airtable },
  };
  const workspace = buildWorkspace(options.world.notion ?? { databases: [] }, seed);
  const account = buildAccount(options.world.airtable ?? { bases: [] }, seed);
  const notion = new NotionApi(workspace, knobs.notion, clock);
  const airtable = new AirtableApi(account, knobs.airtable, clock);
  const log = new RequestLog();
  const faults = new FaultPlan(options.faults);
  const world = new SimWorld(workspace, account, clock, seed, {
    notion: () => notion.truthView(),
    airtable: (table) => airtable.truthView(table),
  });
  const expireCursors = () => {
    notion.cursors.expireAll();
    airtable.iterators.expireAll();
  };
  const parts = { world, log, faults, clock, knobs, expireCursors };
  const server = await listen(
    {
      ...parts,
      answer: (request) =>
        request.platform === 'notion' ? notion.answer(request) : airtable.answer(request),
      latencyMs: (platform) => knobs[platform].latencyMs,
      control: createControl(parts),
    },
    options.port ?? 0,
  );
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const close = () => closeServer(server);
  return { ...parts, notionUrl: origin, airtableUrl: origin, port, close };
}
