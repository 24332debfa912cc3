import type { OutputStream } from '../io.ts';
import type { Paint } from '../output.ts';
import { frameLines } from './frame.ts';
import { progressLines, totalsLine } from './lines.ts';
import type { ProgressState } from './state.ts';

/** Shows the states of a run as they come. `close` leaves the terminal as it was found. */
export interface ProgressDisplay {
  show(state: ProgressState, now: number): void;
  close(): void;
}

const FRAME_MS = 100;
const TOTALS_MS = 5_000;
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';

/** Redraws in place, at most ten times a second. */
export function liveDisplay(stream: OutputStream, paint: Paint): ProgressDisplay {
  let height = 0;
  let drawnAt = -Infinity;
  const erase = () => (height === 0 ? '' : `\u001B[${height}A\u001B[0J`);
  return {
    show: (state, now) => {
      if (now - drawnAt < FRAME_MS) return;
      const lines = frameLines(state, now, stream, paint);
      const cursor = drawnAt === -Infinity ? HIDE_CURSOR : '';
      stream.write(`${cursor}${erase()}${lines.join('\n')}\n`);
      height = lines.length;
      drawnAt = now;
    },
    close: () => {
      if (drawnAt === -Infinity) return;
      stream.write(`${erase()}${SHOW_CURSOR}`);
      height = 0;
      drawnAt = -Infinity;
    },
  };
}

/** Plain lines for logs and pipes: what happened, and the total every five seconds. */
export function lineDisplay(stream: OutputStream): ProgressDisplay {
  let before: ProgressState | undefined;
  let totalsAt = 0;
  return {
    show: (state, now) => {
      const lines = [
        ...progressLines(
          before ?? { ...state, sources: [], pausedSince: null, trouble: null },
          state,
          now,
        ),
      ];
      if (before === undefined) totalsAt = now;
      if (now - totalsAt >= TOTALS_MS) {
        lines.push(totalsLine(state, now));
        totalsAt = now;
      }
      for (const line of lines) stream.write(`${line}\n`);
      before = state;
    },
    close: () => {},
  };
}
