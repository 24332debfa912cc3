import { reasonOf } from '../errors.ts';
import { readState, writeState, type StackState, type Started } from './state-file.ts';

/**
 * The supervisor's own copy of the state; every change is written at once. Once the stack runs, a full
 * disk is logged rather than thrown: it must not take the supervisor down.
 */
export interface StateBook {
  readonly current: () => StackState;
  readonly update: (change: Partial<StackState>) => void;
}

export function openStateBook(path: string, log: (line: string) => void): StateBook {
  let state = readState(path);
  return {
    current: () => state,
    update: (change) => {
      const isStarting = state.phase === 'starting';
      state = { ...state, ...change };
      try {
        writeState(path, state);
      } catch (error) {
        if (isStarting) throw error;
        log(reasonOf(error));
      }
    },
  };
}

/** When a process was started: as noted before if it is that one, else now. */
export function startedAt(pid: number, before: Started | null): string {
  return before?.pid === pid ? before.started_at : new Date().toISOString();
}
