import type { RunControl } from '../contract/control.ts';

/** What stands still, for the Web UI; nothing while all goes on. */
export function pauseLines({ paused_since, paused_sources }: RunControl): readonly string[] {
  const run = paused_since === null ? [] : [`**paused** since ${paused_since}`];
  const sources = Object.entries(paused_sources).map(
    ([alias, since]) => `- ${alias}: paused since ${since}`,
  );
  return [...run, ...sources];
}
