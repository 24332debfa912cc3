import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory } from './private-files.ts';

/** Everything that a stack keeps, and the marks by which its processes are known (see processes.ts). */
export interface StackFiles {
  readonly home: string;
  readonly state: string;
  readonly lock: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly logs: {
    readonly supervisor: string;
    readonly postgres: string;
    readonly temporal: string;
    readonly worker: string;
  };
  readonly marks: {
    readonly supervisor: string;
    readonly postgres: string;
    readonly temporal: string;
    readonly worker: string;
  };
}

/** Makes the home if it is not there. Two spellings of one directory are one stack. */
export function openHome(home: string): StackFiles {
  makePrivateDirectory(home);
  return stackFiles(realpathSync(home));
}

/** The files of a home, which may not exist. Marks end with a slash: `/a` must not match `/ab`. */
export function stackFiles(home: string): StackFiles {
  const log = (name: string) => join(home, 'logs', `${name}.log`);
  return {
    home,
    state: join(home, 'state.json'),
    lock: join(home, 'lock'),
    postgres: join(home, 'postgres'),
    temporal: join(home, 'temporal'),
    logs: {
      supervisor: log('supervisor'),
      postgres: log('postgres'),
      temporal: log('temporal'),
      worker: log('worker'),
    },
    marks: {
      supervisor: `--appsync-supervisor=${home}/`,
      postgres: `-D${home}/postgres/`,
      temporal: `--db-filename=${home}/temporal/`,
      worker: `--appsync-worker=${home}/`,
    },
  };
}
