import { describe, expect, test } from '@jest/globals';
import pc from 'picocolors';
import { createOutput, hasColours } from '../../src/cli/output.ts';
import { newRunId } from '../../src/contract/run-id.ts';
import {
  problemLines,
  printSummary,
  schemaLines,
  summaryExitCode,
} from '../../src/cli/sync-result.ts';
import { layOutTable, plainText, truncate } from '../../src/cli/table.ts';
import { formatCount, formatDuration, formatRelative } from '../../src/units.ts';
import type { RunSummary, SourceSummary } from '../../src/contract/summary.ts';
import { testIo } from './fake-io.ts';

function source(given: Partial<SourceSummary>): SourceSummary {
  return {
    alias: 'skyflow-artefacts',
    platform: 'notion',
    external_id: 'x',
    workflow_id: 'source/skyflow-artefacts@i',
    status: 'complete',
    mode: 'full',
    table: 'notion.skyflow_artefacts',
    certified: true,
    read: 1_250,
    inserted: 1_000,
    updated: 50,
    unchanged: 200,
    deleted: 0,
    quarantined: 0,
    batches: 13,
    requests: 14,
    rate_limited: 0,
    waited_ms: 0,
    duration_ms: 812,
    ...given,
  };
}

function summary(sources: readonly SourceSummary[], given: Partial<RunSummary> = {}): RunSummary {
  const sum = (
    key: 'read' | 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'quarantined' | 'requests',
  ) => sources.reduce((total, one) => total + one[key], 0);
  return {
    run_id: '20261123-161502-4f2a',
    workflow_id: 'run/20261123-161502-4f2a@i',
    target: 'all',
    status: 'complete',
    started_at: '2026-11-23T16:15:02.000Z',
    finished_at: '2026-11-23T16:15:04.500Z',
    totals: {
      sources: sources.length,
      read: sum('read'),
      inserted: sum('inserted'),
      updated: sum('updated'),
      unchanged: sum('unchanged'),
      deleted: sum('deleted'),
      quarantined: sum('quarantined'),
      requests: sum('requests'),
      rate_limited: 0,
      retries: 0,
      waited_ms: 0,
    },
    platforms: [],
    sources,
    ...given,
  };
}

const links = { webUi: 'http://127.0.0.1:8233/x', localDatabase: true };
const refused = { type: 'Unauthorized', message: 'the token is not valid', hint: 'appsync init' };

describe('result of a run', () => {
  const long = source({
    alias: 'a-source-with-a-name-that-is-longer-than-any-terminal-would-like',
  });
  const failed = source({ alias: 'crm', status: 'failed', error: refused, read: 0 });

  test('is a table of at most 80 columns on a terminal', () => {
    const io = testIo({ stdoutTTY: true, env: { NO_COLOR: '1' } });
    printSummary(createOutput(io, false), summary([long, failed]), links, true);
    const lines = io.out().trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^SOURCE +STATUS +READ +NEW +CHANGED +SAME +TIME$/);
    expect(lines[1]).toMatch(/^a-source-.*… +complete +1,250 +1,000 +50 +200 +812 ms$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('is tab-separated raw values without headers in a pipe, the rest on stderr', () => {
    const io = testIo({ env: { APPSYNC_PROGRAM: './dj.sh' } });
    printSummary(createOutput(io, false), summary([source({}), failed]), links, false);
    const first = 'skyflow-artefacts\tcomplete\t1250\t1000\t50\t200\t0\t0\t812\tfull';
    expect(io.out().split('\n')[0]).toBe(first);
    expect(io.err()).toContain('2 sources, 1,250 read');
    expect(io.err()).toContain(
      'failed: crm\n  cause: the token is not valid\n  hint: ./dj.sh init',
    );
    expect(io.err()).toContain('web ui   http://127.0.0.1:8233/x');
    expect(io.err()).toContain('eval "$(./dj.sh env)"; psql');
  });

  test('is exactly one document with --json', () => {
    const io = testIo();
    const given = summary([source({})]);
    printSummary(createOutput(io, true), given, links, false);
    expect(JSON.parse(io.out())).toEqual(given);
    expect(io.err()).toBe('');
  });

  test('columns for deleted and quarantined records come when there are any', () => {
    const io = testIo({ stdoutTTY: true, env: { NO_COLOR: '1' } });
    printSummary(
      createOutput(io, false),
      summary([source({ deleted: 3, quarantined: 1 })]),
      links,
      true,
    );
    expect(io.out()).toMatch(/SAME +DELETED +QUARANTINED +TIME/);
  });

  test('says when nothing matched', () => {
    const io = testIo();
    printSummary(createOutput(io, false), summary([]), links, false);
    expect(io.err()).toContain('no source matched, nothing to do');
  });

  test('problems with one cause stand together', () => {
    const many = Array.from({ length: 7 }, (_, n) =>
      source({ alias: `s${n}`, status: 'failed', error: refused }),
    );
    expect(problemLines(many, null)).toEqual([
      '',
      'failed: s0, s1, s2, s3, s4 and 2 more',
      '  cause: the token is not valid',
      '  hint: appsync init',
    ]);
  });
});

describe('exit code of a run', () => {
  const failing = { type: 'NotFound', message: 'gone' };
  test.each<[string, RunSummary, number]>([
    ['complete', summary([source({})]), 0],
    ['nothing matched', summary([]), 0],
    [
      'partial',
      summary([source({}), source({ status: 'failed', error: failing })], { status: 'partial' }),
      3,
    ],
    ['all skipped', summary([source({ status: 'skipped' })], { status: 'partial' }), 3],
    ['failed', summary([source({ status: 'failed', error: failing })], { status: 'failed' }), 1],
    [
      'credentials',
      summary([source({ status: 'failed', error: refused })], { status: 'failed' }),
      4,
    ],
    ['failed before any source', summary([], { status: 'failed' }), 1],
    ['cancelled', summary([source({ status: 'cancelled' })], { status: 'cancelled' }), 130],
  ])('%s', (_name, given, code) => {
    expect(summaryExitCode(given)).toBe(code);
  });
});

describe('tables', () => {
  test('control characters of other people never reach the terminal', () => {
    expect(plainText('a\u001B[31mred\u001B[0m\nb\u0007')).toBe('ared b ');
  });

  test('wide characters count as two columns', () => {
    expect(truncate('日本語のデータ', 7)).toBe('日本語…');
    const rows = [{ name: '日本' }, { name: 'abcd' }];
    const columns = [
      { header: 'NAME', text: (row: { name: string }) => row.name },
      { header: 'N', text: () => '1', align: 'right' as const },
    ];
    expect(layOutTable(columns, rows, 80)).toEqual(['NAME  N', '日本  1', 'abcd  1']);
  });
});

test('colours follow NO_COLOR, then FORCE_COLOR, then the terminal', () => {
  const [tty, pipe] = [{ isTTY: true }, { isTTY: false }];
  expect(hasColours({}, tty)).toBe(true);
  expect(hasColours({}, pipe)).toBe(false);
  expect(hasColours({ NO_COLOR: '1', FORCE_COLOR: '1' }, tty)).toBe(false);
  expect(hasColours({ NO_COLOR: '' }, tty)).toBe(true);
  expect(hasColours({ FORCE_COLOR: '1' }, pipe)).toBe(true);
  expect(hasColours({ FORCE_COLOR: '0' }, tty)).toBe(false);
  expect(hasColours({ TERM: 'dumb' }, tty)).toBe(false);
  expect(pc.createColors(false).red('x')).toBe('x');
});

test('units', () => {
  expect([0, 812, 1_000, 59_949, 59_950, 125_000, 3_720_000].map(formatDuration)).toEqual([
    '0 ms',
    '812 ms',
    '1.0 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
    '1 h 2 min',
  ]);
  expect(formatCount(1_234_567)).toBe('1,234,567');
  const now = Date.parse('2026-11-23T12:00:00Z');
  expect(formatRelative('2026-11-23T09:00:00Z', now)).toBe('3 h ago');
  expect(formatRelative('2026-11-23T12:02:30Z', now)).toBe('in 2 min');
});

test('run ids sort by time', () => {
  expect(newRunId(Date.parse('2026-11-23T16:15:02.345Z'), '4f2a')).toBe('20261123-161502-4f2a');
});

describe('changes of tables', () => {
  test('are told in a line per source, and only where something changed', () => {
    const change = { column: 'a', field_id: '1', from: null, to: 'text' };
    expect(
      schemaLines([
        source({ alias: 'new', schema_changes: [{ ...change, kind: 'table_created' }] }),
        source({ alias: 'tasks', schema_changes: [{ ...change, kind: 'added' }] }),
        source({ alias: 'same' }),
      ]),
    ).toEqual(['', 'tasks: 1 column added (a)']);
  });
});
