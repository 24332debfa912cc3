import { formatAmount, formatRelative } from '../../units.ts';
import { groupByCause } from './causes.ts';
import type { AccountFacts, HealthFacts, StoredFacts, TemporalFacts } from './facts.ts';
import type { Finding, FindingKind } from './findings.ts';
import { overdueSince } from './overdue.ts';
import { scheduleFindings } from './schedule-findings.ts';

/** Longer than anything is tried again, which is about half an hour. */
const STUCK_MS = 60 * 60_000;

/** All that is not as it should be, the worst first. Pure. */
export function judge(facts: HealthFacts): readonly Finding[] {
  const { postgres, temporal, now } = facts;
  const stored = postgres.kind === 'answered' ? postgres.value : null;
  const known = temporal.kind === 'answered' ? temporal.value : null;
  return [
    ...(postgres.kind === 'silent'
      ? [finding('postgres_down', `Postgres: ${postgres.reason}`, 'appsync status')]
      : []),
    ...(temporal.kind === 'silent'
      ? [finding('temporal_down', `Temporal: ${temporal.reason}`, 'appsync status')]
      : []),
    ...(known?.polling === 0
      ? [finding('no_worker', 'no worker asks Temporal for work', 'appsync worker')]
      : []),
    ...(stored === null ? [] : storedFindings(stored, known, now)),
    ...(stored === null || known === null ? [] : scheduleFindings(stored, known.schedules)),
    ...facts.accounts.flatMap(accountFindings),
  ];
}

export function finding(
  kind: FindingKind,
  message: string,
  hint: string,
  about: readonly string[] = [],
  since: string | null = null,
): Finding {
  return { kind, message, hint, since, about };
}

function storedFindings(
  stored: StoredFacts,
  known: TemporalFacts | null,
  now: number,
): readonly Finding[] {
  return [
    ...failureFindings(stored),
    ...runFindings(stored, known, now),
    ...freshnessFindings(stored, now),
    ...recordFindings(stored),
    ...budgetFindings(stored, now),
  ];
}

/** One for each cause: a token that is refused is one finding, whatever the number of its sources. */
function failureFindings({ failing, sources }: StoredFacts): readonly Finding[] {
  const all = sources.length > 0 && failing.length === sources.length;
  return groupByCause(failing).map(({ type, message, hint, since, aliases }) =>
    finding(
      all ? 'all_sources_failing' : 'sources_failing',
      `${formatAmount(aliases.length, 'source')}: ${type}: ${message}`,
      hint ?? `appsync sync ${aliases[0] ?? 'all'}`,
      aliases,
      since,
    ),
  );
}

function runFindings(
  { runs, budgets }: StoredFacts,
  known: TemporalFacts | null,
  now: number,
): readonly Finding[] {
  const isBlocked = budgets.some(({ blocked_until }) => (blocked_until?.getTime() ?? 0) > now);
  return runs.flatMap(
    ({ run_id, paused_since, paused_sources, progress_at }): readonly Finding[] => {
      const lost = known?.lost.get(run_id);
      const one = (kind: FindingKind, message: string, verb: string, since: string | null) => [
        finding(
          kind,
          `run ${run_id} ${message}`,
          `appsync runs ${verb} ${run_id}`,
          [run_id],
          since,
        ),
      ];
      if (lost !== undefined) {
        return one('run_lost', `cannot go on: its workflow is ${lost}`, 'cancel', progress_at);
      }
      if (paused_since !== null) return one('run_paused', 'pauses', 'resume', paused_since);
      if (paused_sources.length > 0) {
        return one('run_paused', `pauses ${paused_sources.join(', ')}`, 'resume', null);
      }
      const isIdle = now - Date.parse(progress_at) > STUCK_MS && !isBlocked;
      return isIdle ? one('run_stuck', 'makes no progress', 'show', progress_at) : [];
    },
  );
}

function freshnessFindings({ sources, failing }: StoredFacts, now: number): readonly Finding[] {
  const failed = new Set(failing.map(({ alias }) => alias));
  const overdue = sources
    // What fails is told with its cause already.
    .filter(({ alias }) => !failed.has(alias))
    .flatMap((source) => {
      const since = overdueSince(source, now);
      return since === null ? [] : [{ alias: source.alias, since }];
    })
    .toSorted((a, b) => (a.since < b.since ? -1 : 1));
  const uncertified = sources.filter(
    ({ certified, alias, at_work }) => !certified && !failed.has(alias) && !at_work,
  );
  const about = (some: readonly { readonly alias: string }[]) => some.map(({ alias }) => alias);
  const [oldest] = overdue;
  return [
    ...(oldest === undefined
      ? []
      : [
          finding(
            'sources_overdue',
            `${formatAmount(overdue.length, 'source')} overdue`,
            'appsync sync-due',
            about(overdue),
            oldest.since,
          ),
        ]),
    ...(uncertified.length === 0
      ? []
      : [
          finding(
            'sources_uncertified',
            `${formatAmount(uncertified.length, 'source')} never proven whole`,
            `appsync sync ${uncertified.length === 1 ? uncertified[0]?.alias : 'all'} --no-incremental`,
            about(uncertified),
          ),
        ]),
  ];
}

function recordFindings({ sources }: StoredFacts): readonly Finding[] {
  const quarantined = sources.filter((source) => source.quarantined > 0);
  const records = quarantined.reduce((sum, source) => sum + source.quarantined, 0);
  const held = sources.filter((source) => source.held > 0);
  return [
    ...(records === 0
      ? []
      : [
          finding(
            'records_quarantined',
            `${formatAmount(records, 'record')} of ${formatAmount(quarantined.length, 'source')} in quarantine`,
            'appsync quarantine list',
            quarantined.map(({ alias }) => alias),
          ),
        ]),
    ...held.map((source) =>
      finding(
        'deletions_held',
        `${formatAmount(source.held, 'deletion')} of ${source.alias} for you to decide`,
        `appsync sources accept-deletions ${source.alias}`,
        [source.alias],
      ),
    ),
  ];
}

/** One for each account, blocked as long as the longest of its budgets. */
function budgetFindings({ budgets }: StoredFacts, now: number): readonly Finding[] {
  const until = new Map<string, { readonly at: number; readonly reason: string }>();
  for (const { account, blocked_until, block_reason } of budgets) {
    const at = blocked_until?.getTime() ?? 0;
    if (at > Math.max(now, until.get(account)?.at ?? 0)) {
      until.set(account, { at, reason: block_reason ?? 'the platform refuses requests' });
    }
  }
  return [...until].map(([account, { at, reason }]) => {
    const iso = new Date(at).toISOString();
    return finding(
      'account_blocked',
      `account ${account} is blocked until ${iso} (${formatRelative(iso, now)}): ${reason}`,
      'appsync stats',
      [account],
    );
  });
}

function accountFindings(facts: AccountFacts): readonly Finding[] {
  const { account } = facts;
  if (facts.kind === 'refused') {
    const hint = facts.hint ?? 'appsync init';
    return [finding('token_refused', `account ${account}: ${facts.reason}`, hint, [account])];
  }
  const { out_of_sight, sources } = facts;
  if (out_of_sight.length === 0) return [];
  return [
    finding(
      'sources_out_of_sight',
      `account ${account} sees ${sources - out_of_sight.length} of its ${formatAmount(sources, 'source')}`,
      'share them with the integration, or disable them in the catalog',
      out_of_sight,
    ),
  ];
}
