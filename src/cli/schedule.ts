import { schedulePace } from '../catalog/schedule-pace.ts';
import type { ListedSchedule, ScheduleAction } from '../client/schedules.ts';
import type { SyncOptions } from '../contract/options.ts';
import { targetName } from '../contract/target.ts';
import type { ScheduleTiming } from '../contract/workflows.ts';
import { EXIT, reasonOf, usageError, type ExitCode } from '../errors.ts';
import { applyWhenChanged, readCatalog } from './catalog.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { readyTemporal } from './run-start.ts';
import { withSession } from './session.ts';
import { didYouMean } from './suggest.ts';
import { resolveTargetAndFilters } from './sync-target.ts';
import type { TableColumn } from './table.ts';
import { formatRelative } from '../units.ts';

export interface SetScheduleRequest {
  /** As typed. */
  readonly target: string;
  readonly every: string | undefined;
  readonly cron: string | undefined;
  readonly options: SyncOptions;
}

/** `appsync schedule set --every 15m [target]`: doing it again changes nothing. */
export async function setScheduleOf(
  context: CommandContext,
  request: SetScheduleRequest,
): Promise<ExitCode> {
  const { io, output } = context;
  const timing = timingOf(request);
  const pace = paceOf(timing, new Date(io.now()));
  const config = await loadConfig(context);
  const file = await readCatalog(config);
  return withSession(context, config, { worker: true }, async (session) => {
    const { setSchedule } = await import('../client/schedules.ts');
    if (file !== null) await applyWhenChanged(session.db, file, output);
    const { target } = await resolveTargetAndFilters(session, request.target, {});
    const schedule = targetName(target);
    const temporal = await readyTemporal(session);
    const done = await setSchedule(
      temporal,
      {
        schedule,
        installation: session.installation.id,
        target,
        filters: { only_due: true },
        options: request.options,
        timing,
      },
      pace,
    );
    const when = timingText(timing);
    if (output.json) output.document({ schedule, target: schedule, timing, result: done });
    output.note(`schedule ${schedule} ${done}: what is due of ${schedule} is synced ${when}`);
    if (config.temporalAddress === undefined) {
      output.note(`it works while the local stack does: ${output.program} up`);
    }
    return EXIT.ok;
  });
}

function timingOf({ every, cron }: SetScheduleRequest): ScheduleTiming {
  if (every !== undefined && cron !== undefined) {
    throw usageError('say --every or --cron, not both', 'appsync help schedule set');
  }
  if (every !== undefined) return { kind: 'every', every };
  if (cron !== undefined) return { kind: 'cron', cron };
  throw usageError('say when: --every 15m, or --cron "0 6 * * *"', 'appsync help schedule set');
}

function paceOf(timing: ScheduleTiming, now: Date) {
  const given = timing.kind === 'every' ? timing.every : timing.cron;
  try {
    return schedulePace(timing, now);
  } catch (error) {
    throw usageError(`--${timing.kind} "${given}" ${reasonOf(error)}`, 'appsync help schedule set');
  }
}

const timingText = (timing: ScheduleTiming): string =>
  timing.kind === 'every' ? `every ${timing.every}` : `at "${timing.cron}"`;

/** `appsync schedule list` */
export async function showSchedules(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const { listSchedules } = await import('../client/schedules.ts');
    const schedules = await listSchedules(await session.temporal(), session.installation.id);
    if (output.json) output.document(schedules);
    else if (schedules.length > 0) output.table(scheduleColumns(io.now()), schedules);
    if (schedules.length === 0) {
      output.note(`no schedules yet; next: ${output.program} schedule set --every 15m all`);
    }
    return EXIT.ok;
  });
}

function scheduleColumns(now: number): readonly TableColumn<ListedSchedule>[] {
  const time = (iso: string | null) => (iso === null ? '' : formatRelative(iso, now));
  return [
    { header: 'SCHEDULE', text: ({ schedule }) => schedule },
    { header: 'WHEN', text: ({ timing }) => timingText(timing) },
    {
      header: 'STATUS',
      text: ({ paused_note }) => (paused_note === null ? 'active' : 'paused'),
    },
    { header: 'NEXT', text: ({ next_at }) => time(next_at), data: ({ next_at }) => next_at },
    { header: 'LAST', text: ({ last_at }) => time(last_at), data: ({ last_at }) => last_at },
    {
      header: 'MISSED',
      align: 'right',
      text: ({ missed, skipped }) => String(missed + skipped),
    },
  ];
}

const DONE = {
  pause: { result: 'paused', note: '; runs that it started go on' },
  resume: { result: 'resumed', note: '' },
  delete: { result: 'deleted', note: '; runs that it started go on' },
} as const satisfies Record<ScheduleAction, object>;

/** `appsync schedule pause|resume|delete [name]` */
export async function steerScheduleOf(
  context: CommandContext,
  action: ScheduleAction,
  name: string,
): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async ({ installation, ...session }) => {
    const { listSchedules, steerSchedule } = await import('../client/schedules.ts');
    const temporal = await session.temporal();
    if (!(await steerSchedule(temporal, installation.id, name, action))) {
      const names = (await listSchedules(temporal, installation.id)).map((one) => one.schedule);
      throw usageError(
        `there is no schedule ${name}`,
        didYouMean(name, names) ?? 'appsync schedule list',
      );
    }
    const { result, note } = DONE[action];
    if (output.json) output.document({ schedule: name, result });
    output.note(`schedule ${name} ${result}${note}`);
    return EXIT.ok;
  });
}
