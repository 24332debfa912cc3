import { describe, expect, it } from '@jest/globals';
import type { ListedSchedule } from '../../src/client/schedules.ts';
import type { HealthFacts, StoredFacts, TemporalFacts } from '../../src/cli/health/facts.ts';
import { FINDINGS, verdictOf, type FindingKind } from '../../src/cli/health/findings.ts';
import { judge } from '../../src/cli/health/judge.ts';
import type { BudgetStatus } from '../../src/platforms/rate-limit.ts';
import type { SourceFailure, UnfinishedRun, WatchedSource } from '../../src/store/health.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

const source = (change: Partial<WatchedSource> = {}): WatchedSource => ({
  alias: 'tasks',
  platform: 'notion',
  account: 'main',
  app: null,
  external_id: 'd-1',
  is_listing: false,
  every_seconds: 3600,
  cron: null,
  next_due_at: '2026-11-23T12:30:00.000Z',
  last_synced_at: '2026-11-23T11:30:00.000Z',
  certified: true,
  at_work: false,
  newest_run_at: '2026-11-23T11:20:00.000Z',
  quarantined: 0,
  held: 0,
  ...change,
});
const failing = (alias: string, change: Partial<SourceFailure> = {}): SourceFailure => ({
  alias,
  external_id: `id-of-${alias}`,
  account: 'main',
  since: '2026-11-23T10:00:00.000Z',
  failures: 3,
  error: { type: 'Unauthorized', message: 'Notion refuses the token' },
  ...change,
});
const unfinished = (change: Partial<UnfinishedRun> = {}): UnfinishedRun => ({
  run_id: 'run-1',
  workflow_id: 'run/run-1@x',
  started_at: '2026-11-23T08:00:00.000Z',
  paused_since: null,
  paused_sources: [],
  progress_at: '2026-11-23T11:59:00.000Z',
  ...change,
});
const budget = (change: Partial<BudgetStatus> = {}): BudgetStatus => ({
  key: 'notion:abc',
  account: 'main',
  rate: 3,
  window_ms: 60_000,
  used: 0,
  free: 180,
  waiting: 0,
  waiting_until: null,
  blocked_until: null,
  block_reason: null,
  ...change,
});
const schedule = (change: Partial<ListedSchedule> = {}): ListedSchedule => ({
  schedule: 'all',
  target: 'all',
  timing: { kind: 'every', every: '15m' },
  paused_note: null,
  next_at: null,
  last_at: null,
  skipped: 0,
  missed: 0,
  ...change,
});

interface Change {
  readonly stored?: Partial<StoredFacts>;
  readonly temporal?: Partial<TemporalFacts>;
  readonly facts?: Partial<HealthFacts>;
}

/** All is well but for the change. */
const factsWith = ({ stored = {}, temporal = {}, facts = {} }: Change = {}): HealthFacts => ({
  now: NOW,
  hours: 24,
  postgres: {
    kind: 'answered',
    value: {
      outcomes: { complete: 10, incomplete: 0, failed: 0 },
      sources: [source()],
      failing: [],
      runs: [],
      budgets: [budget()],
      due_asked_for: false,
      ...stored,
    },
  },
  temporal: {
    kind: 'answered',
    value: { polling: 1, schedules: [schedule()], lost: new Map(), ...temporal },
  },
  accounts: [],
  ...facts,
});

const LONG_AGO = '2026-11-23T08:00:00.000Z';

/** A row per finding: what it takes, the verdict, and the command that helps. */
const ROWS: Readonly<Record<FindingKind, readonly [Change, 'degraded' | 'unhealthy', string]>> = {
  postgres_down: [
    { facts: { postgres: { kind: 'silent', reason: 'refused' } } },
    'unhealthy',
    'appsync status',
  ],
  temporal_down: [
    { facts: { temporal: { kind: 'silent', reason: 'refused' } } },
    'unhealthy',
    'appsync status',
  ],
  no_worker: [{ temporal: { polling: 0 } }, 'unhealthy', 'appsync worker'],
  all_sources_failing: [
    { stored: { failing: [failing('tasks')] } },
    'unhealthy',
    'appsync sync tasks',
  ],
  sources_failing: [
    { stored: { sources: [source(), source({ alias: 'people' })], failing: [failing('tasks')] } },
    'degraded',
    'appsync sync tasks',
  ],
  run_stuck: [
    { stored: { runs: [unfinished({ progress_at: LONG_AGO })] } },
    'unhealthy',
    'appsync runs show run-1',
  ],
  run_lost: [
    { stored: { runs: [unfinished()] }, temporal: { lost: new Map([['run-1', 'terminated']]) } },
    'degraded',
    'appsync runs cancel run-1',
  ],
  run_paused: [
    { stored: { runs: [unfinished({ progress_at: LONG_AGO, paused_since: LONG_AGO })] } },
    'degraded',
    'appsync runs resume run-1',
  ],
  sources_overdue: [
    { stored: { sources: [source({ next_due_at: '2026-11-23T10:59:00.000Z' })] } },
    'degraded',
    'appsync sync-due',
  ],
  sources_uncertified: [
    { stored: { sources: [source({ certified: false })] } },
    'degraded',
    'appsync sync tasks --no-incremental',
  ],
  records_quarantined: [
    { stored: { sources: [source({ quarantined: 2 })] } },
    'degraded',
    'appsync quarantine list',
  ],
  deletions_held: [
    { stored: { sources: [source({ held: 80 })] } },
    'degraded',
    'appsync sources accept-deletions tasks',
  ],
  account_blocked: [
    { stored: { budgets: [budget({ blocked_until: new Date(NOW + 60_000) })] } },
    'degraded',
    'appsync stats',
  ],
  schedule_missing: [
    { temporal: { schedules: [] } },
    'degraded',
    'appsync schedule set --every 15m',
  ],
  schedule_paused: [
    { temporal: { schedules: [schedule({ paused_note: 'paused by a person' })] } },
    'degraded',
    'appsync schedule resume all',
  ],
  token_refused: [
    {
      facts: { accounts: [{ kind: 'refused', account: 'main', reason: 'refused', hint: null }] },
    },
    'unhealthy',
    'appsync init',
  ],
  sources_out_of_sight: [
    {
      facts: {
        accounts: [
          { kind: 'accepted', account: 'main', identity: 'Bot', sources: 2, out_of_sight: ['a'] },
        ],
      },
    },
    'degraded',
    'share them with the integration, or disable them in the catalog',
  ],
};

describe('the verdict', () => {
  it('is healthy when there is nothing to say', () => {
    expect(judge(factsWith())).toEqual([]);
    expect(verdictOf([])).toBe('healthy');
  });

  it.each(Object.entries(ROWS))('%s', (kind, [change, verdict, hint]) => {
    const findings = judge(factsWith(change));
    expect(findings).toEqual([expect.objectContaining({ kind, hint })]);
    expect(verdictOf(findings)).toBe(verdict);
    expect(FINDINGS[kind as FindingKind]).toBe(verdict);
  });
});

describe('what fails', () => {
  it('is one line for one token, whatever the number of its sources and the words', () => {
    const fifty = Array.from({ length: 50 }, (_, i) =>
      failing(`source-${i}`, {
        since: `2026-11-23T10:00:${String(59 - i).padStart(2, '0')}.000Z`,
        error: { type: 'Unauthorized', message: `refused in request ${i}`, hint: 'a new token' },
      }),
    );
    const sources = [...fifty, failing('orders')].map(({ alias }) => source({ alias }));
    const [first, ...rest] = judge(factsWith({ stored: { sources, failing: fifty } }));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ hint: 'a new token', since: '2026-11-23T10:00:10.000Z' });
    expect(first?.about).toHaveLength(50);
  });

  it('is one line for failures that differ in the name of the source only, and one for each other cause', () => {
    const failed = (alias: string, message: string) =>
      failing(alias, { error: { type: 'Incomplete', message } });
    const findings = judge(
      factsWith({
        stored: {
          failing: [
            failed('a', 'a lacks 3 records'),
            failed('b', 'b lacks 12 records'),
            failed('c', 'id-of-c is gone'),
          ],
        },
      }),
    );
    expect(findings.map(({ about }) => about)).toEqual([['a', 'b'], ['c']]);
  });

  it('is not told a second time as overdue or uncertified', () => {
    const late = source({ next_due_at: LONG_AGO, certified: false });
    const findings = judge(factsWith({ stored: { sources: [late], failing: [failing('tasks')] } }));
    expect(findings.map(({ kind }) => kind)).toEqual(['all_sources_failing']);
  });
});

describe('a source is overdue', () => {
  const kinds = (change: Partial<WatchedSource>) =>
    judge(factsWith({ stored: { sources: [source(change)] } })).map(({ kind }) => kind);
  const plain = { every_seconds: null, next_due_at: null };

  it.each<[string, Partial<WatchedSource>, readonly FindingKind[]]>([
    ['not while less than an interval is gone', { next_due_at: '2026-11-23T11:01:00.000Z' }, []],
    [
      'when an interval is gone, whatever its jitter',
      { alias: 'people', next_due_at: '2026-11-23T10:59:59.000Z' },
      ['sources_overdue'],
    ],
    ['not while it is at work', { next_due_at: LONG_AGO, at_work: true }, []],
    [
      'when the next time of its cron has passed, too',
      { every_seconds: null, cron: '0 * * * *', next_due_at: '2026-11-23T10:00:00.000Z' },
      ['sources_overdue'],
    ],
    [
      'not when only one time of its cron has passed',
      { every_seconds: null, cron: '0 6 * * *', next_due_at: '2026-11-23T06:00:00.000Z' },
      [],
    ],
    ['not without a schedule, when the newest run synced it', plain, []],
    [
      'without a schedule, when the newest run did not sync it',
      { ...plain, last_synced_at: LONG_AGO },
      ['sources_overdue'],
    ],
  ])('%s', (_, change, expected) => expect(kinds(change)).toEqual(expected));
});

describe('a run', () => {
  it('is not stuck while its account is blocked: it waits', () => {
    const findings = judge(
      factsWith({
        stored: {
          runs: [unfinished({ progress_at: LONG_AGO })],
          budgets: [
            budget({ blocked_until: new Date(NOW + 60_000), block_reason: 'plan used up' }),
          ],
        },
      }),
    );
    expect(findings.map(({ kind, message }) => [kind, message])).toEqual([
      [
        'account_blocked',
        'account main is blocked until 2026-11-23T12:01:00.000Z (in 1 min): plan used up',
      ],
    ]);
  });
});

describe('schedules', () => {
  it('are not missed where somebody else asks for what is due', () => {
    const changed = { stored: { due_asked_for: true }, temporal: { schedules: [] } };
    expect(judge(factsWith(changed))).toEqual([]);
  });

  it('of a platform do not cover the sources of another', () => {
    const findings = judge(
      factsWith({
        stored: { sources: [source(), source({ alias: 'orders', platform: 'airtable' })] },
        temporal: { schedules: [schedule({ schedule: 'notion', target: 'notion' })] },
      }),
    );
    expect(findings).toMatchObject([{ kind: 'schedule_missing', about: ['orders'] }]);
  });
});
