import { usageError, type ExitCode } from '../errors.ts';
import { formatAmount, formatCount, formatRelative } from '../units.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { asTyped } from './program-name.ts';
import type { HealthFacts } from './health/facts.ts';
import { VERDICT_EXITS, verdictOf, type Finding, type Verdict } from './health/findings.ts';
import { gatherHealth } from './health/gather.ts';
import { judge } from './health/judge.ts';
import { overdueSince } from './health/overdue.ts';
import type { Output, Paint } from './output.ts';
import { stackSettings } from './stack-settings.ts';
import { plainText } from './table.ts';

export interface HealthRequest {
  readonly hours: number;
  readonly deep: boolean;
}

const MOST_HOURS = 24 * 365;

/** Throws a usage error unless it is a whole number of hours, from 1 to a year's. */
export function parseHours(text: string): number {
  const hours = Number(text);
  if (/^\d+$/.test(text) && hours >= 1 && hours <= MOST_HOURS) return hours;
  throw usageError(`--hours "${text}" is not from 1 to ${MOST_HOURS}`, 'appsync help health');
}

/** `appsync health`: the exit code is the verdict. */
export async function showHealth(
  context: CommandContext,
  request: HealthRequest,
): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  const settings = await stackSettings(context, config, { worker: false });
  const facts = await gatherHealth({ config, settings, ...request, now: io.now() });
  const findings = judge(facts);
  const verdict = verdictOf(findings);
  if (output.json) output.document(healthDocument(facts, verdict, findings));
  else for (const line of healthLines(facts, verdict, findings, output)) output.print(line);
  return VERDICT_EXITS[verdict];
}

function healthDocument(facts: HealthFacts, verdict: Verdict, findings: readonly Finding[]) {
  const stored = facts.postgres.kind === 'answered' ? facts.postgres.value : null;
  const known = facts.temporal.kind === 'answered' ? facts.temporal.value : null;
  return {
    verdict,
    checked_at: new Date(facts.now).toISOString(),
    hours: facts.hours,
    findings,
    postgres: facts.postgres.kind === 'answered' ? null : facts.postgres.reason,
    temporal: facts.temporal.kind === 'answered' ? null : facts.temporal.reason,
    is_polled: known === null ? null : known.polling > 0,
    source_runs: stored === null ? null : { ...stored.outcomes, success_rate: successRate(facts) },
    sources:
      stored?.sources.map((source) => ({
        alias: source.alias,
        last_synced_at: source.last_synced_at,
        next_due_at: source.next_due_at,
        overdue_since: overdueSince(source, facts.now),
        certified: source.certified,
        quarantined: source.quarantined,
        held: source.held,
      })) ?? null,
    schedules: known?.schedules ?? null,
    accounts: facts.accounts,
  };
}

/** Share of the source runs that ended complete; null when none ended. */
function successRate({ postgres }: HealthFacts): number | null {
  if (postgres.kind === 'silent') return null;
  const { complete, incomplete, failed } = postgres.value.outcomes;
  const ended = complete + incomplete + failed;
  return ended === 0 ? null : complete / ended;
}

const COLOURS = { healthy: 'green', degraded: 'yellow', unhealthy: 'red' } as const;

function healthLines(
  facts: HealthFacts,
  verdict: Verdict,
  findings: readonly Finding[],
  { paint, program }: Output,
): readonly string[] {
  return [
    [paint[COLOURS[verdict]](verdict), summaryOf(facts)].join('  ').trimEnd(),
    ...emptyLines(facts, program),
    ...findings.flatMap((finding) => findingLines(finding, facts.now, paint, program)),
    ...facts.accounts.flatMap((account) =>
      account.kind === 'accepted' && account.out_of_sight.length === 0
        ? [
            `account ${account.account}: ${plainText(account.identity)} sees all of its ${formatAmount(account.sources, 'source')}`,
          ]
        : [],
    ),
  ];
}

function emptyLines({ postgres }: HealthFacts, program: string): readonly string[] {
  if (postgres.kind === 'silent' || postgres.value.sources.length > 0) return [];
  return [`no source is enabled; next: ${program} sources list`];
}

function summaryOf(facts: HealthFacts): string {
  const { postgres, hours } = facts;
  if (postgres.kind === 'silent') return '';
  const { complete, incomplete, failed } = postgres.value.outcomes;
  const ended = complete + incomplete + failed;
  const rate = successRate(facts);
  const share = rate === null ? '' : ` (${(Math.floor(rate * 1000) / 10).toString()}%)`;
  return [
    formatAmount(postgres.value.sources.length, 'enabled source'),
    `${formatCount(complete)} of ${formatAmount(ended, 'source run')} complete${share} in ${hours} h`,
  ].join(', ');
}

const NAMED = 5;

function findingLines(
  { message, hint, since, about }: Finding,
  now: number,
  paint: Paint,
  program: string,
): readonly string[] {
  const rest = about.length - NAMED;
  const names = about.length < 2 ? '' : about.slice(0, NAMED).join(', ');
  const when = since === null ? '' : `, since ${since} (${formatRelative(since, now)})`;
  return [
    `- ${plainText(message)}${when}`,
    ...(names === '' ? [] : [`  ${names}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`]),
    paint.dim(`  ${asTyped(hint, program)}`),
  ];
}
