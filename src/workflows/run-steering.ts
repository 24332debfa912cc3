import { ApplicationFailure } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  defineUpdate,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ResolvedSources } from '../contract/activities.ts';
import {
  CONTROL_ACTIONS,
  CONTROL_REFUSED,
  NO_CONTROL,
  applyControl,
  controlProblem,
  type ControlRequest,
  type RunControl,
} from '../contract/control.ts';
import { activities } from './activities.ts';
import type { Line } from './line.ts';
import { pauseLines } from './pause-lines.ts';
import { setStatusAttribute } from './search-attributes.ts';

/** How people steer a run: what they asked for, and who is to be told. */
export interface RunSteering {
  control(): RunControl;
  /** The sources were found: from now on requests for others are refused at once. */
  know(found: ResolvedSources): void;
  /** Tells a child of every change until `leave` is called. */
  join(line: Line<RunControl>): { leave(): void };
  /** What the run came to so far, for the Web UI. */
  describe(progress: string): void;
  /** The run has its verdict: later requests are refused. */
  end(): void;
}

/**
 * Takes the updates of a run. Each is checked before it is accepted, acts at once, and is answered when the
 * platforms were told and Postgres knows: what a command prints has happened. A request that names sources while
 * the run still looks for them waits until it has found them.
 */
export function steerRun(runId: string): RunSteering {
  let control = NO_CONTROL;
  let known: ReadonlySet<string> | null = null;
  let hasEnded = false;
  let progress = '';
  const lines = new Set<Line<RunControl>>();
  const show = () => setCurrentDetails([...pauseLines(control), progress].join('\n\n'));
  const problemOf = (request: ControlRequest) =>
    hasEnded ? 'the run has ended' : controlProblem(request, known);
  const check = (request: ControlRequest) => {
    const problem = problemOf(request);
    if (problem !== null) refuse(problem);
  };

  const follow = async (request: ControlRequest): Promise<RunControl> => {
    if (request.action !== 'set' && request.sources.length > 0) {
      await condition(() => known !== null || hasEnded);
      check(request);
    }
    const before = control;
    control = applyControl(control, request, new Date().toISOString());
    const [was, is] = [before.paused_since === null, control.paused_since === null];
    if (was !== is) setStatusAttribute(is ? 'running' : 'paused');
    show();
    const now = control;
    await CancellationScope.nonCancellable(async () => {
      await Promise.all([...lines].map((line) => line.tell(now)));
      await activities.recordControl(`record: ${request.action}`, { run_id: runId, control: now });
    });
    return now;
  };

  for (const action of CONTROL_ACTIONS) {
    const update = defineUpdate<RunControl, [ControlRequest]>(action);
    setHandler(update, follow, {
      validator: (request) => {
        if (request?.action !== action) refuse(`the argument must say {"action": "${action}"}`);
        check(request);
      },
      description: DESCRIPTIONS[action],
    });
  }
  return {
    control: () => control,
    know: ({ platforms }) => {
      known = new Set(platforms.flatMap(({ sources }) => sources.map(({ alias }) => alias)));
    },
    join: (line) => {
      lines.add(line);
      return { leave: () => void lines.delete(line) };
    },
    describe: (text) => {
      progress = text;
      show();
    },
    end: () => {
      hasEnded = true;
    },
  };
}

function refuse(problem: string): never {
  throw ApplicationFailure.nonRetryable(problem, CONTROL_REFUSED);
}

/** Each with its argument, for people who send it from the Web UI. */
const DESCRIPTIONS = {
  pause: 'Pause the run, or the sources named: {"action": "pause", "sources": []}',
  resume: 'Resume the run, or the sources named: {"action": "resume", "sources": []}',
  cancel: 'Cancel the sources named: {"action": "cancel", "sources": ["alias"]}',
  set: 'Change settings: {"action": "set", "settings": {"batch_size": 200}}',
} as const;
