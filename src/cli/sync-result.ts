import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { describeChanges } from '../contract/schema-change.ts';
import type { RunSummary, SourceError, SourceStatus, SourceSummary } from '../contract/summary.ts';
import { emptyOutcome, runExitCode } from '../contract/verdict.ts';
import type { ExitCode } from '../errors.ts';
import { MOST_ROWS, printLongTable } from './long-table.ts';
import type { Output, Paint } from './output.ts';
import { asTyped } from './program-name.ts';
import { mark } from './progress/frame.ts';
import { plainText, type TableColumn } from './table.ts';
import { formatAmount, formatCount, formatDuration } from '../units.ts';

/** What a finished run's summary means for the program's exit code. */
export function summaryExitCode(summary: RunSummary): ExitCode {
  const statuses = { ...emptyOutcome().statuses };
  for (const source of summary.sources) statuses[source.status] += 1;
  const unauthorized = summary.sources.filter(
    ({ status, error }) =>
      status === 'failed' && CREDENTIAL_FAILURES.some((type) => type === error?.type),
  ).length;
  return runExitCode(summary.status, { statuses, unauthorized });
}

const COUNTS = [
  { header: 'READ', key: 'read', always: true },
  { header: 'NEW', key: 'inserted', always: true },
  { header: 'CHANGED', key: 'updated', always: true },
  { header: 'SAME', key: 'unchanged', always: true },
  { header: 'DELETED', key: 'deleted', always: false },
  { header: 'QUARANTINED', key: 'quarantined', always: false },
] as const;

/** Columns on a terminal show what there is; as data they are always the same. */
function summaryColumns(
  summary: RunSummary,
  paint: Paint,
  isTerminal: boolean,
): readonly TableColumn<SourceSummary>[] {
  const counts = COUNTS.filter(
    ({ key, always }) => always || !isTerminal || summary.totals[key] > 0,
  ).map(({ header, key }): TableColumn<SourceSummary> => ({
    header,
    align: 'right',
    text: (source) => formatCount(source[key]),
    data: (source) => source[key],
  }));
  return [
    { header: 'SOURCE', text: (source) => source.alias, shrinks: true },
    {
      header: 'STATUS',
      text: (source) => source.status,
      paint: (cell, source) => statusColour(source.status, paint)(cell),
    },
    ...counts,
    {
      header: 'TIME',
      align: 'right',
      text: (source) => formatDuration(source.duration_ms),
      data: (source) => source.duration_ms,
    },
    ...(isTerminal ? [] : [{ header: 'MODE', text: (source: SourceSummary) => source.mode ?? '' }]),
  ];
}

export function statusColour(status: string, paint: Paint): (text: string) => string {
  if (status === 'complete') return paint.green;
  if (status === 'failed') return paint.red;
  return paint.yellow;
}

/** Where to look next, as far as it is known. */
export interface ResultLinks {
  readonly webUi: string | null;
  /** Whether the database is the local stack's, so that a shell needs `appsync env` first. */
  readonly localDatabase: boolean;
}

/** The result of a run: one JSON document, or a table, the total, problems and what to do next. */
export function printSummary(
  output: Output,
  summary: RunSummary,
  links: ResultLinks,
  isTerminal: boolean,
  runError: SourceError | null = null,
): void {
  if (output.json) {
    output.document(summary);
    return;
  }
  printLongTable(output, isTerminal, {
    columns: summaryColumns(summary, output.paint, isTerminal),
    rows: isTerminal ? troubledFirst(summary.sources) : summary.sources,
    noun: 'source',
    command: `runs show ${summary.run_id}`,
  });
  output.note();
  output.note(`${mark(summary.status, output.notePaint)} ${totalsSentence(summary)}`);
  for (const line of schemaLines(summary.sources)) output.note(line);
  for (const line of problemLines(summary.sources, runError)) {
    output.note(asTyped(line, output.program));
  }
  for (const line of noticeLines(summary.sources)) output.note(line);
  output.note();
  for (const line of nextLines(summary, links, output.program)) output.note(line);
}

/** Of many, those that are not complete first: the rest is not shown. */
const troubledFirst = (sources: readonly SourceSummary[]): readonly SourceSummary[] =>
  sources.length <= MOST_ROWS
    ? sources
    : sources.toSorted((a, b) => Number(a.status === 'complete') - Number(b.status === 'complete'));

export function totalsSentence(summary: RunSummary): string {
  const { totals } = summary;
  if (totals.sources === 0 && summary.status === 'complete') {
    return 'complete: no source matched, nothing to do';
  }
  const parts = [
    formatAmount(totals.sources, 'source'),
    `${formatCount(totals.read)} read`,
    `${formatCount(totals.inserted)} new`,
    `${formatCount(totals.updated)} changed`,
    ...(totals.deleted > 0 ? [`${formatCount(totals.deleted)} deleted`] : []),
    ...(totals.quarantined > 0 ? [`${formatCount(totals.quarantined)} in quarantine`] : []),
    formatAmount(totals.requests, 'request'),
    ...Object.entries(totals.custom ?? {}).map(([name, count]) => `${formatCount(count)} ${name}`),
  ];
  const ms = Date.parse(summary.finished_at) - Date.parse(summary.started_at);
  return `${summary.status}: ${parts.join(', ')} in ${formatDuration(ms)}`;
}

const MAX_CHANGED = 10;

/** What was changed in the tables of sources, a line for each: `tasks: status renamed to state`. */
export function schemaLines(sources: readonly SourceSummary[]): readonly string[] {
  const changed = sources.flatMap(({ alias, schema_changes = [] }) => {
    const changes = describeChanges(schema_changes);
    return changes === '' ? [] : [plainText(`${alias}: ${changes}`)];
  });
  if (changed.length === 0) return [];
  const more = changed.length - MAX_CHANGED;
  return ['', ...changed.slice(0, MAX_CHANGED), ...(more > 0 ? [`and ${more} more tables`] : [])];
}

const MAX_NAMES = 5;

interface Problem {
  readonly status: SourceStatus;
  readonly error: SourceError;
  readonly aliases: string[];
}

/** Sources that are not complete, those with one cause together. */
export function problemLines(
  sources: readonly SourceSummary[],
  runError: SourceError | null,
): readonly string[] {
  const problems = new Map<string, Problem>();
  for (const { alias, status, error } of sources) {
    if (status === 'complete') continue;
    const cause = error ?? { type: 'Unknown', message: 'the evidence that it is whole is missing' };
    const key = JSON.stringify([status, cause.type, cause.message, cause.hint]);
    const problem = problems.get(key) ?? { status, error: cause, aliases: [] };
    problem.aliases.push(alias);
    problems.set(key, problem);
  }
  const own = runError === null ? [] : errorLines('run', runError);
  return [
    ...own,
    ...[...problems.values()].flatMap(({ status, error, aliases }) => {
      return errorLines(`${status}: ${named(aliases)}`, error);
    }),
  ];
}

/** What is told once and does no harm; sources with one notice together. */
function noticeLines(sources: readonly SourceSummary[]): readonly string[] {
  const notices = new Map<string, string[]>();
  for (const { alias, notices: own = [] } of sources) {
    for (const notice of own) notices.set(notice, [...(notices.get(notice) ?? []), alias]);
  }
  return [...notices].map(([notice, aliases]) => `note: ${named(aliases)}: ${plainText(notice)}`);
}

function named(aliases: readonly string[]): string {
  const more = aliases.length - MAX_NAMES;
  const names = aliases.slice(0, MAX_NAMES).map(plainText).join(', ');
  return names + (more > 0 ? ` and ${more} more` : '');
}

export function errorLines(subject: string, error: SourceError): readonly string[] {
  const hint = error.hint === undefined ? [] : [`  hint: ${plainText(error.hint)}`];
  return ['', subject, `  cause: ${plainText(error.message)}`, ...hint];
}

function nextLines(summary: RunSummary, links: ResultLinks, program: string): readonly string[] {
  const table = summary.sources.find(({ read }) => read > 0)?.table;
  const shell = links.localDatabase ? `eval "$(${program} env)"; ` : '';
  return [
    `run      ${summary.run_id}`,
    ...(links.webUi === null ? [] : [`web ui   ${links.webUi}`]),
    ...(table === undefined
      ? []
      : [`look     ${shell}psql "$DATABASE_URL" -c 'select * from ${table} limit 5'`]),
  ];
}
