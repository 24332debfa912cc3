import { readState, writeState, type StackState, type Started } from './state-file.ts';

/** The supervisor's own copy of the state; every change is written at once. */
export interface StateBook {
  readonly current: () => StackState;
  readonly update: (change: Partial<StackState>) => void;
}

export function openStateBook(path: string): StateBook {
  let state = readState(path);
  return {
    current: () => state,
    update: (change) => {
      state = { ...state, ...change };
      writeState(path, state);
    },
  };
}

/** When a process was started: as noted before if it is that one, else now. */
export function startedAt(pid: number, before: Started | null): string {
  return before?.pid === pid ? before.started_at : new Date().toISOString();
}
