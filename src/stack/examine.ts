import { AppsyncError, EXIT } from '../errors.ts';
import { lastError } from './log-files.ts';
import { isListening } from './ports.ts';
import { isOurs } from './processes.ts';
import type { StackFiles } from './stack-files.ts';
import { readState, type StackState } from './state-file.ts';

/** What a command wants of the stack. */
export interface Wanted {
  readonly databaseUrl?: string | undefined;
  readonly temporalAddress?: string | undefined;
  readonly needsWorker: boolean;
  readonly fingerprint: string;
}

/** `recovering`: a supervisor is at work on it, or about to end. `missing`: a supervisor with new orders is needed. */
export type Condition = 'up' | 'recovering' | 'missing';

const DEATHS = 3;
const TROUBLE_MS = 12_000;

/** Looks at the processes and their ports; a few milliseconds. */
export async function examineStack(files: StackFiles, wanted: Wanted): Promise<Condition> {
  const state = readState(files.state);
  const { supervisor, postgres, temporal } = state;
  if (supervisor === null || !isOurs(supervisor.pid, files.marks.supervisor)) return 'missing';
  if (state.phase === 'starting' || state.phase === 'stopping') return 'recovering';
  if (wanted.needsWorker && state.worker_fingerprint !== wanted.fingerprint) return 'missing';
  const local = [
    ...(wanted.databaseUrl === undefined ? [{ part: postgres, mark: files.marks.postgres }] : []),
    ...(wanted.temporalAddress === undefined
      ? [{ part: temporal, mark: files.marks.temporal }]
      : []),
  ];
  const answers = await Promise.all(
    local.map(async ({ part, mark }) => {
      if (part === null) return 'missing';
      const answers = isOurs(part.pid, mark) && (await isListening(part.port));
      return answers ? 'up' : 'recovering';
    }),
  );
  return answers.find((answer) => answer === 'missing') ?? answers.find((a) => a !== 'up') ?? 'up';
}

/** An error when the worker died three times in a row within seconds: it will not get better by waiting. */
export function troubleOfWorker(files: StackFiles, state: StackState): AppsyncError | null {
  const [first] = state.worker_deaths;
  if (state.worker_deaths.length < DEATHS || first === undefined) return null;
  if (Date.now() - first > TROUBLE_MS) return null;
  return new AppsyncError(
    EXIT.unreachable,
    'the worker of the local stack ends as soon as it starts',
    {
      reason: lastError(files.logs.worker),
      hint: `correct what its log says (${files.logs.worker}); it is started again every few seconds`,
    },
  );
}
