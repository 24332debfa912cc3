import type { CommandContext } from '../cli/command.ts';
import { formatDuration } from '../units.ts';
import { BLOWS, KILLS } from './chaos-blows.ts';
import type { ChaosResult } from './chaos.ts';
import { CHAOS_LIMITS } from './chaos-stage.ts';

/** Prints what was survived: a short table, or one document with `--json`. */
export function reportChaos({ output }: CommandContext, result: ChaosResult): void {
  if (output.json) {
    output.document(result);
    return;
  }
  const { violations } = result;
  for (const [what, count] of chaosRows(result)) output.print(`${what.padEnd(32)} ${count}`);
  output.print(violations.length === 0 ? '\nSurvived.' : '\nNot survived:');
  for (const violation of violations) output.print(`  ${violation}`);
}

function chaosRows({ seed, blows, runs, checked, requests, ...result }: ChaosResult) {
  const kills = KILLS.reduce((sum, kill) => sum + (blows[kill] ?? 0), 0);
  return [
    ['seed', seed],
    ['kills', kills],
    ...BLOWS.map((blow) => [blow, blows[blow] ?? 0] as const),
    ['requests hit by faults', result.faults],
    ['records touched by people', result.edits],
    ['runs started', runs.started],
    ['runs refused during a kill', runs.refused],
    ['runs paused', runs.paused],
    ['runs cancelled', runs.cancelled],
    ['waited for budgets, all sources', formatDuration(result.waited_ms)],
    ['records checked', checked.records],
    ['  lost', checked.lost],
    ['  surplus', checked.surplus],
    ['  different', checked.different],
    ['  wrongly tombstoned', checked.wrongly_tombstoned],
    ['  doubled', checked.doubled],
    ['requests', requests.total],
    ['  that write', requests.writes],
    ['  over a limit', requests.refused],
    [
      '  most to Notion in 60 s',
      `${requests.notion_most_in_60_s} of ${CHAOS_LIMITS.notion.requests}`,
    ],
    [
      '  most to a base in 1 s',
      `${requests.airtable_most_in_1_s} of ${CHAOS_LIMITS.airtable.requests}`,
    ],
  ] as readonly (readonly [string, string | number])[];
}
