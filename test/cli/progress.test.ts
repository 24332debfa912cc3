import { describe, expect, test } from '@jest/globals';
import pc from 'picocolors';
import { lineDisplay, liveDisplay } from '../../src/cli/progress/display.ts';
import { frameLines } from '../../src/cli/progress/frame.ts';
import { progressLines } from '../../src/cli/progress/lines.ts';
import { advance, startProgress, withTrouble } from '../../src/cli/progress/state.ts';
import type { SourceProgressRow } from '../../src/store/run-progress.ts';
import { memoryStream } from './fake-io.ts';

const plain = pc.createColors(false);
const start = Date.parse('2026-11-23T16:15:00Z');
const at = (seconds: number) => start + seconds * 1_000;
const size = { columns: 80, rows: 24 };

const row = (alias: string, given: Partial<SourceProgressRow> = {}): SourceProgressRow => ({
  alias,
  platform: 'notion',
  status: 'running',
  mode: 'full',
  read: 0,
  expected: null,
  requests: 0,
  rate_limited: 0,
  waiting_until: null,
  trouble: null,
  cut_values: 0,
  quarantined: 0,
  unread_contents: 0,
  paused_since: null,
  started_at: '2026-11-23T16:15:00Z',
  ...given,
});
const progress = (...sources: SourceProgressRow[]) => ({
  status: 'running',
  paused_since: null,
  sources,
});

describe('a frame', () => {
  test('shows bars, counts, pace, waits and the total', () => {
    const waiting = { waiting_until: '2026-11-23T16:15:16Z' };
    let state = startProgress(start, 4);
    state = advance(state, progress(row('artefacts', { expected: 2_000 }), row('tasks')), at(0));
    state = advance(
      state,
      progress(
        row('artefacts', { expected: 2_000, read: 500 }),
        row('done', { status: 'complete', read: 80 }),
        row('people', { read: 30, ...waiting }),
        row('tasks', { read: 1_200 }),
      ),
      at(4),
    );
    expect(frameLines(state, at(4), size, plain)).toEqual([
      '· artefacts  ████░░░░░░░░░░░░ 500 of 2,000  125/s  12 s left',
      '· people     30 records  waiting for rate budget 12 s',
      '· tasks      1,200 records  300/s',
      '✓ done       complete, 80 records',
      '  1 of 4 sources done, 1,810 records, 453/s, 4 s',
    ]);
  });

  test('fits 80 columns and the height of the terminal', () => {
    const rows = Array.from({ length: 50 }, (_, n) =>
      row(`a-source-with-quite-a-long-name-number-${n}`, {
        read: 9_999_999,
        expected: 99_999_999,
        status: n < 40 ? 'complete' : 'running',
        waiting_until: '2026-11-23T20:15:16Z',
      }),
    );
    const state = advance(startProgress(start, 50), progress(...rows), at(60));
    const lines = frameLines(state, at(60), { columns: 80, rows: 20 }, plain);
    expect(lines).toHaveLength(18);
    expect(lines.filter((line) => line.startsWith('·'))).toHaveLength(10);
    expect(lines.at(-2)).toBe('  … and 34 more sources');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(79);
  });

  test('says so while nothing has started, and while Postgres is away', () => {
    const state = startProgress(start, null);
    expect(frameLines(state, at(2), size, plain)).toEqual([
      '  waiting for a worker, 0 records, 2 s',
    ]);
    const troubled = withTrouble(state, 'Postgres does not answer');
    expect(frameLines(troubled, at(2), size, plain)).toEqual(['  Postgres does not answer']);
    expect(advance(troubled, progress(), at(3)).trouble).toBeNull();
  });

  test('a source whose last attempt failed says why, and that it goes on trying', () => {
    const failing = row('s', { trouble: 'Notion does not answer: connect ECONNREFUSED' });
    const state = advance(startProgress(start, 1), progress(failing), at(1));
    expect(frameLines(state, at(1), size, plain)[0]).toBe(
      '· s  Notion does not answer: connect ECONNREFUSED; trying again',
    );
  });

  test('a log says it, too, also when it stood there at the first look', () => {
    const before = startProgress(start, 1);
    const failing = row('s', { mode: null, trouble: 'Notion does not answer' });
    const after = advance(before, progress(failing), at(1));
    expect(progressLines(before, after, at(1))).toEqual([
      's: started',
      's: Notion does not answer; trying again',
    ]);
    expect(progressLines(after, advance(after, progress(failing), at(2)), at(2))).toEqual([]);
  });

  test('a run that is joined late shows no pace for what was read before', () => {
    const state = advance(startProgress(start, 1), progress(row('s', { read: 5_000 })), at(0));
    const next = advance(state, progress(row('s', { read: 5_000 })), at(2));
    expect(frameLines(next, at(2), size, plain).at(-1)).not.toContain('/s');
  });

  test('a source that has read everything shows what is left to complete instead of a pace', () => {
    let state = startProgress(start, 1);
    const waiting = row('s', { read: 50, expected: 50, requests: 12, cut_values: 12 });
    for (let second = 0; second <= 12; second++)
      state = advance(state, progress(waiting), at(second));
    expect(frameLines(state, at(12), size, plain)[0]).toBe(
      '· s  ████████████████ 50 of 50  12 long values to complete',
    );
  });

  test('a source that has read everything shows how many contents are left', () => {
    let state = startProgress(start, 1);
    const reading = row('s', { read: 50, expected: 50, unread_contents: 31 });
    for (let second = 0; second <= 12; second++)
      state = advance(state, progress(reading), at(second));
    expect(frameLines(state, at(12), size, plain)[0]).toContain('31 contents to read');
  });

  test('the pace is that of the last ten seconds', () => {
    let state = startProgress(start, 1);
    for (let second = 0; second <= 30; second++) {
      const read = second < 15 ? second * 1_000 : 15_000 + (second - 15) * 10;
      state = advance(state, progress(row('s', { read })), at(second));
    }
    expect(frameLines(state, at(30), size, plain)[0]).toBe('· s  15,150 records  10/s');
  });
});

test('a log gets a line when a source starts, waits or ends', () => {
  const first = startProgress(start, 2);
  const started = advance(first, progress(row('a')), at(1));
  expect(progressLines(first, started, at(1))).toEqual(['a: started, full']);
  const waits = advance(
    started,
    progress(row('a', { waiting_until: '2026-11-23T16:16:00Z' })),
    at(2),
  );
  expect(progressLines(started, waits, at(2))).toEqual(['a: waiting for rate budget 58 s']);
  expect(progressLines(waits, waits, at(3))).toEqual([]);
  const ended = advance(waits, progress(row('a', { status: 'complete', read: 7 })), at(4));
  expect(progressLines(waits, ended, at(4))).toEqual(['a: complete, 7 records, 4.0 s']);
  expect(progressLines(ended, withTrouble(ended, 'gone'), at(5))).toEqual(['gone']);
});

describe('displays', () => {
  test('lines: every five seconds the total', () => {
    const { stream, text } = memoryStream(false);
    const display = lineDisplay(stream);
    let state = startProgress(start, 1);
    for (let second = 0; second <= 11; second++) {
      state = advance(state, progress(row('a', { read: second * 100 })), at(second));
      display.show(state, at(second));
    }
    display.close();
    expect(text().split('\n')).toEqual([
      'a: started, full',
      '0 of 1 source done, 500 records, 100/s, 5 s',
      '0 of 1 source done, 1,000 records, 100/s, 10 s',
      '',
    ]);
  });

  test('live: at most ten frames a second, and the cursor comes back', () => {
    const { stream, text } = memoryStream(true);
    const display = liveDisplay(stream, plain);
    const state = advance(startProgress(start, 1), progress(row('a')), at(0));
    for (let ms = 0; ms < 1_000; ms += 20) display.show(state, start + ms);
    display.close();
    display.close();
    expect(text().split('0 of 1 source').length - 1).toBe(10);
    expect(text().startsWith('\u001B[?25l')).toBe(true);
    expect(text().endsWith('\u001B[0J\u001B[?25h')).toBe(true);
  });
});

describe('a pause', () => {
  const paused = { paused_since: '2026-11-23T16:15:03.000Z' };

  test('of the run shows at every source and in the total', () => {
    let state = startProgress(start, 1);
    state = advance(state, progress(row('tasks', { read: 10 })), at(0));
    state = advance(
      state,
      { ...progress(row('tasks', { read: 30, ...paused })), ...paused },
      at(4),
    );
    expect(frameLines(state, at(4), size, plain)).toEqual([
      '· tasks  30 records  paused since 16:15:03 UTC',
      '  0 of 1 source done, 30 records, paused since 16:15:03 UTC, 4 s',
    ]);
  });

  test('is told once when it begins and once when it ends', () => {
    const begun = startProgress(start, 2);
    const running = advance(begun, progress(row('people'), row('tasks')), at(0));
    const alone = advance(running, progress(row('people'), row('tasks', paused)), at(1));
    const all = advance(
      alone,
      { ...progress(row('people', paused), row('tasks', paused)), ...paused },
      at(2),
    );
    const on = advance(all, progress(row('people'), row('tasks')), at(3));
    expect(progressLines(running, alone, at(1))).toEqual(['tasks: paused since 16:15:03 UTC']);
    expect(progressLines(alone, all, at(2))).toEqual(['run: paused since 16:15:03 UTC']);
    expect(progressLines(all, all, at(2))).toEqual([]);
    expect(progressLines(all, on, at(3))).toEqual(['run: goes on']);
    expect(progressLines(alone, running, at(3))).toEqual(['tasks: goes on']);
  });
});
