import type { Column } from '../../contract/schema.ts';
import type { ConformanceStage } from '../../platforms/conformance.ts';
import { tokenFingerprint } from '../../platforms/fingerprint.ts';
import type { Connection, Platform, SourceRef } from '../../platforms/platform.ts';
import type { PlatformSession } from '../../platforms/session.ts';
import { Nonconformance } from './outcome.ts';
import { observedRequests, type RequestControl, type Traffic } from './observed-requests.ts';

/** A platform on its stage. */
export interface Subject {
  readonly platform: Platform;
  readonly stage: ConformanceStage;
  /** The stage's source. */
  readonly ref: SourceRef;
  readonly traffic: Traffic;
  /** A new session, as every activity has its own. */
  readonly connect: (control?: RequestControl & { readonly token?: string }) => PlatformSession;
}

export async function openSubject(platform: Platform, stage: ConformanceStage): Promise<Subject> {
  const traffic: Traffic = { sent: 0, rules: [], thrown: [] };
  const connect: Subject['connect'] = ({ token = stage.token, ...control } = {}) =>
    platform.connect(connectionTo(stage, token), observedRequests(traffic, control));
  const given = stage.ref === undefined ? await firstSource(connect(), stage) : stage.ref;
  const ref = parseGiven(platform, given);
  return { platform, stage, ref, traffic, connect };
}

const connectionTo = (stage: ConformanceStage, token: string): Connection => ({
  account: 'conformance',
  token,
  fingerprint: tokenFingerprint(token, 'conformance'),
  base_url: stage.base_url,
  plan: null,
  rate: null,
  pool_size: 10,
});

async function firstSource(session: PlatformSession, stage: ConformanceStage): Promise<SourceRef> {
  for await (const { ref } of session.discover(stage.place)) return ref;
  throw new Nonconformance('discover to name a source, as the stage names none', 'no source');
}

/** A reference as a catalog file in the working directory would have it: paths in it may be relative. */
export const parseGiven = (platform: Platform, given: unknown): SourceRef =>
  platform.parseRef(given, process.cwd());

/** A column for each field, as a table would have them. */
export async function readColumns(
  session: PlatformSession,
  ref: SourceRef,
): Promise<readonly Column[]> {
  const { fields } = await session.describe(ref);
  return fields.map((field, index) => ({ ...field, column: `column_${index}` }));
}

/** Whether changes since a time can be asked for. */
export const isIncremental = ({ platform, ref }: Subject): boolean =>
  platform.supportsIncremental?.(ref) ?? true;
