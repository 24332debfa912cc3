import type { ListedSchedule } from '../../client/schedules.ts';
import type { WatchedSource } from '../../store/health.ts';
import { formatAmount } from '../../units.ts';
import type { StoredFacts } from './facts.ts';
import type { Finding } from './findings.ts';

/** Sources that say when they are due, while nobody looks: their schedule pauses, or there is none. */
export function scheduleFindings(
  { sources, due_asked_for }: StoredFacts,
  schedules: readonly ListedSchedule[],
): readonly Finding[] {
  if (due_asked_for) return [];
  const active = schedules.filter(({ paused_note }) => paused_note === null);
  const unasked = sources.filter(
    (source) =>
      (source.every_seconds !== null || source.cron !== null) && !isCovered(source, active),
  );
  const paused = schedules.filter(
    (schedule) => schedule.paused_note !== null && unasked.some((s) => isCovered(s, [schedule])),
  );
  const missing = unasked.filter((source) => !isCovered(source, paused));
  return [
    ...paused.map(({ schedule, paused_note }): Finding => ({
      kind: 'schedule_paused',
      message: `schedule ${schedule} is ${paused_note === '' ? 'paused' : paused_note}`,
      hint: `appsync schedule resume ${schedule}`,
      since: null,
      about: [schedule],
    })),
    ...(missing.length === 0
      ? []
      : [
          {
            kind: 'schedule_missing' as const,
            message: `${formatAmount(missing.length, 'source')} with a schedule of their own, and nothing that looks for what is due`,
            hint: 'appsync schedule set --every 15m',
            since: null,
            about: missing.map(({ alias }) => alias),
          },
        ]),
  ];
}

/** Whether one of the schedules is about the source: its target is all, or the source, its platform or application. */
const isCovered = (source: WatchedSource, schedules: readonly ListedSchedule[]): boolean =>
  schedules.some(({ target }) =>
    ['all', source.platform, source.app, source.alias].includes(target),
  );
