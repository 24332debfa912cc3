import { NO_EVIDENCE } from '../../src/contract/scan.ts';
import { SyncFailure } from '../../src/errors.ts';
import type { FailureType } from '../../src/contract/failures.ts';
import type {
  BatchRequest,
  Connection,
  FetchedBatch,
  Platform,
  PlatformSession,
  Requests,
} from '../../src/platforms/plugin.ts';

/** A platform as it would be with one mistake in it. */
export interface Flaw {
  readonly name: string;
  /** The check that is meant to find it. */
  readonly check: string;
  /** A part of what the check says then. */
  readonly says: string;
  readonly breaks: (platform: Platform) => Platform;
}

type Broken = Partial<PlatformSession>;

export const inSession =
  (change: (session: PlatformSession, connection: Connection) => Broken) =>
  (platform: Platform): Platform => ({
    ...platform,
    connect: (connection, requests) => {
      const session = platform.connect(connection, requests);
      return { ...session, ...change(session, connection) };
    },
  });

export const inBatches = (
  change: (batch: FetchedBatch, request: BatchRequest, connection: Connection) => FetchedBatch,
) =>
  inSession((session, connection) => ({
    fetchBatch: async (request) => change(await session.fetchBatch(request), request, connection),
  }));

export const inRequests =
  (change: (requests: Requests) => Requests) =>
  (platform: Platform): Platform => ({
    ...platform,
    connect: (connection, requests) => platform.connect(connection, change(requests)),
  });

/** Every request that fails with `type` fails otherwise. */
export const failingAs = (type: FailureType, fail: (failure: SyncFailure) => unknown) =>
  inRequests((requests) => ({
    send: (rules, request) =>
      requests.send(rules, (signal) =>
        request(signal).catch((thrown: unknown) => {
          throw thrown instanceof SyncFailure && thrown.type === type ? fail(thrown) : thrown;
        }),
      ),
  }));

/** A failure of a batch that is taken for the end of the records. */
export const endingWith = (isEnd: (thrown: unknown) => boolean) =>
  inSession((session) => ({
    fetchBatch: async (request) => {
      try {
        return await session.fetchBatch(request);
      } catch (thrown) {
        if (!isEnd(thrown)) throw thrown;
        const windows = [{ ...request.window, done: true }];
        return { records: [], rejected: [], windows, evidence: NO_EVIDENCE };
      }
    },
  }));

export const isType = (thrown: unknown, type: FailureType) =>
  thrown instanceof SyncFailure && thrown.type === type;
