import { readFileSync } from 'node:fs';
import { writePrivateFile } from './private-files.ts';

/** A process that was started; whether it still runs is for processes.ts to say. */
export interface Started {
  readonly pid: number;
  readonly started_at: string;
}

export interface StartedWorker extends Started {
  /** Where it answers probes; absent in states written before there were any. */
  readonly health_port?: number;
  /** Time that it needs to end, in ms. */
  readonly stop_ms?: number;
}

/**
 * What the supervisor last knew of its stack; only a supervisor writes it, except that `down` marks the
 * end. Nothing in it is needed to find the processes or the data again: a lost file costs a restart of
 * the worker and perhaps other ports.
 */
export interface StackState {
  readonly phase: 'starting' | 'running' | 'stopping' | 'stopped';
  readonly supervisor: Started | null;
  readonly postgres: (Started & { readonly url: string; readonly port: number }) | null;
  readonly temporal: (Started & { readonly port: number; readonly ui_port: number | null }) | null;
  readonly worker: StartedWorker | null;
  /** What the worker was started with; null: this supervisor keeps no worker. */
  readonly worker_fingerprint: string | null;
  /** When the worker last died, in ms since 1970; at most three. */
  readonly worker_deaths: readonly number[];
  /** Ports last used; taken again when they are free. */
  readonly ports: {
    readonly postgres?: number;
    readonly temporal?: number;
    readonly temporal_ui?: number;
    readonly worker_health?: number;
  };
}

export const NO_STATE: StackState = {
  phase: 'stopped',
  supervisor: null,
  postgres: null,
  temporal: null,
  worker: null,
  worker_fingerprint: null,
  worker_deaths: [],
  ports: {},
};

/** The state; that of a stack which never ran when the file is absent or not readable as such. */
export function readState(path: string): StackState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<StackState>;
    return { ...NO_STATE, ...state };
  } catch {
    return NO_STATE;
  }
}

export function writeState(path: string, state: StackState): void {
  writePrivateFile(path, `${JSON.stringify(state, null, 2)}\n`);
}
