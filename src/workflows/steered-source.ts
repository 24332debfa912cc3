import { condition, setHandler, type CancellationScope } from '@temporalio/workflow';
import type { OpenSourceRef } from '../contract/activities.ts';
import type { SourceControl } from '../contract/control.ts';
import type { SyncOptions } from '../contract/options.ts';
import type { SyncSourceInput } from '../contract/workflows.ts';
import { isHistoryLong } from './history-length.ts';
import { controlSignal } from './line.ts';
import { setStatusAttribute } from './search-attributes.ts';

/** How a source is steered from outside while it is at work. */
export interface Steering {
  /** The latest state that was told: what goes on into the next run of this workflow. */
  control(): SourceControl;
  /** The options in force now. */
  options(): SyncOptions;
  isPaused(): boolean;
  /**
   * Returns at once unless the source is paused. A paused source holds no activity, so no request, connection
   * or transaction; it keeps its fence and its workflow id, so that nobody syncs it behind its back.
   * Returns still paused when signals have made the history long: then it is time to continue as new.
   */
  whilePaused(): Promise<void>;
}

/** An open source, as it is to be synced now. */
export interface SteeredSource extends Pick<Steering, 'isPaused' | 'whilePaused'> {
  current(): OpenSourceRef;
}

const NOT_STEERED: SourceControl = {
  revision: 0,
  paused_since: null,
  cancelled: false,
  settings: {},
};

/**
 * Listens to what the platform's workflow tells. `show` is called with the reason why nothing moves; `scope`, in
 * which the source does its work, is cancelled when it is to end.
 */
export function steerSource(
  input: SyncSourceInput,
  scope: CancellationScope,
  show: (pausedSince: string | null) => void,
): Steering {
  let control = input.control ?? NOT_STEERED;
  if (control.cancelled) scope.cancel();
  setHandler(
    controlSignal<SourceControl>(),
    (next) => {
      if (next.revision > control.revision) control = next;
      if (control.cancelled) scope.cancel();
    },
    { description: 'How the run is steered: pauses, its end and settings' },
  );
  const isPaused = () => control.paused_since !== null;
  return {
    control: () => control,
    options: () => ({ ...input.options, ...control.settings }),
    isPaused,
    whilePaused: async () => {
      if (!isPaused()) return;
      setStatusAttribute('paused');
      show(control.paused_since);
      // A pause may come again in the very task that ended the last one.
      while (isPaused() && !isHistoryLong()) {
        await condition(() => !isPaused() || isHistoryLong());
      }
      if (isPaused()) return;
      setStatusAttribute('running');
      show(null);
    },
  };
}
