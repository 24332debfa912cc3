import { AppsyncError, EXIT } from '../errors.ts';
import { RequestLog, type LoggedRequest } from '../sim/request-log.ts';
import type { Fault, FaultEffect } from '../sim/faults.ts';
import type { Truth } from './compare-with-truth.ts';

export interface SourceTruth extends Truth {
  /** Records in the platform's trash. */
  readonly trashed: readonly string[];
}

/** A simulator in another process, as it is watched and changed over HTTP. */
export interface SimulatorControl {
  /** Calls a function of the simulated world by name, such as `editSome`; returns its result. */
  edit(operation: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  ids(source: string): Promise<readonly string[]>;
  /** All live records as the API would give them now. */
  truth(source: string): Promise<SourceTruth>;
  log(): Promise<RequestLog>;
  fault(fault: Fault): Promise<void>;
  /** Hits a share of all requests from now on; without `effects` with everything that a retry cures. */
  storm(rate: number, seed: number, effects?: readonly FaultEffect[]): Promise<void>;
  clearFaults(): Promise<void>;
  expireCursors(): Promise<void>;
}

/** Speaks to the control endpoint below `origin`. Every call throws AppsyncError when the simulator refuses. */
export function simulatorControl(origin: string): SimulatorControl {
  const ask = async (method: string, operation: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${origin}/_sim/${operation}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said: unknown = await answer.json();
    if (answer.ok) return said;
    throw new AppsyncError(EXIT.failed, `the simulator refuses ${operation}`, {
      reason: JSON.stringify(said),
    });
  };
  const query = (source: string) => `truth?source=${encodeURIComponent(source)}`;
  return {
    edit: async (operation, args) =>
      ((await ask('POST', 'edit', { operation, ...args })) as { readonly result: unknown }).result,
    ids: async (source) =>
      ((await ask('GET', `${query(source)}&ids_only=true`)) as Pick<Truth, 'ids'>).ids,
    truth: async (source) => {
      const said = (await ask('GET', `${query(source)}&fields_by_id=true`)) as SourceTruth & {
        readonly records: Readonly<Record<string, unknown>>;
      };
      return { ...said, records: new Map(Object.entries(said.records)) };
    },
    log: async () => {
      const log = new RequestLog();
      const said = (await ask('GET', 'log')) as { readonly requests: readonly LoggedRequest[] };
      for (const request of said.requests) log.add(request);
      return log;
    },
    fault: async (fault) => void (await ask('POST', 'faults', [fault])),
    storm: async (rate, seed, effects) =>
      void (await ask('POST', 'storm', {
        rate,
        seed,
        ...(effects === undefined ? {} : { effects }),
      })),
    clearFaults: async () => void (await ask('DELETE', 'faults')),
    expireCursors: async () => void (await ask('POST', 'expire-cursors')),
  };
}
