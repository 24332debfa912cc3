import { OPTION_RANGES, type SyncOptions } from './options.ts';

/** What of a run can be changed while it is at work: takes effect with the next batch or source. */
export type RunSettings = Partial<
  Pick<SyncOptions, 'max_concurrent' | 'batch_size' | 'rate_limit'>
>;

/** How people steer a run that is at work. Handed on as a whole, so that a message that is late does no harm. */
export interface RunControl {
  /** Rises with every change: of two states the higher one counts. */
  readonly revision: number;
  /** Since when the whole run pauses; null: it does not. */
  readonly paused_since: string | null;
  /** Sources that pause by themselves, and since when. */
  readonly paused_sources: { readonly [alias: string]: string };
  readonly cancelled_sources: readonly string[];
  readonly settings: RunSettings;
}

/** The part of it that one source follows. */
export interface SourceControl extends Pick<RunControl, 'revision' | 'paused_since' | 'settings'> {
  /** Whether it is to end, by itself or with its run. */
  readonly cancelled: boolean;
}

export const NO_CONTROL: RunControl = {
  revision: 0,
  paused_since: null,
  paused_sources: {},
  cancelled_sources: [],
  settings: {},
};

/** The updates of syncRun. The whole run is cancelled as Temporal cancels: that reaches it at any moment. */
export const CONTROL_ACTIONS = ['pause', 'resume', 'cancel', 'set'] as const;

export type ControlRequest =
  /** Without sources: the whole run; a resumed run goes on as a whole. */
  | { readonly action: 'pause' | 'resume'; readonly sources: readonly string[] }
  | { readonly action: 'cancel'; readonly sources: readonly string[] }
  | { readonly action: 'set'; readonly settings: RunSettings };

/** Signal by which a run's state is handed on to its children. */
export const CONTROL_SIGNAL = 'control';

/** Type of the failure that refuses a request. */
export const CONTROL_REFUSED = 'ControlRefused';

const SETTINGS = ['max_concurrent', 'batch_size', 'rate_limit'] as const;

/**
 * Why a request cannot be followed, or null. `known` are the aliases of the run, null while it still looks for
 * them. Looks at shapes, too: an update may come from anywhere, the Web UI included.
 */
export function controlProblem(
  request: ControlRequest,
  known: ReadonlySet<string> | null,
): string | null {
  if (request.action === 'set') return settingsProblem(request.settings);
  const { action, sources } = request;
  if (!Array.isArray(sources)) return 'sources must be a list of aliases';
  if (action === 'cancel' && sources.length === 0) return 'no source is named';
  const stranger = known === null ? undefined : sources.find((alias) => !known.has(alias));
  return stranger === undefined ? null : `${stranger} is not a source of this run`;
}

function settingsProblem(settings: RunSettings): string | null {
  if (typeof settings !== 'object' || settings === null) return 'settings are missing';
  const given = Object.keys(settings);
  if (given.length === 0) return 'nothing to set is named';
  const unknown = given.find((name) => !SETTINGS.some((known) => known === name));
  if (unknown !== undefined) return `${unknown} cannot be changed while a run is at work`;
  for (const name of SETTINGS) {
    const value = settings[name];
    if (value === undefined) continue;
    const [least, most] = OPTION_RANGES[name];
    const fits = typeof value === 'number' && value >= least && value <= most;
    const whole = name === 'rate_limit' || Number.isInteger(value);
    if (!fits || !whole) return `${name} must be from ${least} to ${most}`;
  }
  return null;
}

/** The state after a request. The same request again changes nothing but the revision: a pause began when it began. */
export function applyControl(control: RunControl, request: ControlRequest, now: string) {
  return { ...control, ...change(control, request, now), revision: control.revision + 1 };
}

function change(control: RunControl, request: ControlRequest, now: string): Partial<RunControl> {
  switch (request.action) {
    case 'pause':
      if (request.sources.length === 0) return { paused_since: control.paused_since ?? now };
      return {
        paused_sources: {
          ...Object.fromEntries(request.sources.map((alias) => [alias, now])),
          ...control.paused_sources,
        },
      };
    case 'resume':
      if (request.sources.length === 0) return { paused_since: null, paused_sources: {} };
      return {
        paused_sources: Object.fromEntries(
          Object.entries(control.paused_sources).filter(
            ([alias]) => !request.sources.includes(alias),
          ),
        ),
      };
    case 'cancel':
      return {
        cancelled_sources: [...new Set([...control.cancelled_sources, ...request.sources])],
      };
    case 'set':
      return { settings: { ...control.settings, ...request.settings } };
  }
}

/** Since when a source pauses, by itself or with its run; null: it does not. */
export const pausedSince = (control: RunControl, alias: string): string | null =>
  control.paused_since ?? control.paused_sources[alias] ?? null;
