import { CREDENTIAL_FAILURES } from '../contract/failures.ts';
import { DRIFT_KINDS, DRIFT_NAMES, driftOf, type DriftKind } from '../contract/reconciliation.ts';
import type { ComparisonSummary, ReconcileSummary } from '../contract/reconcile-summary.ts';
import type { RunSummary } from '../contract/summary.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Output, Paint } from './output.ts';
import { asTyped } from './program-name.ts';
import { mark } from './progress/frame.ts';
import { errorLines, statusColour } from './sync-result.ts';
import { plainText, type TableColumn } from './table.ts';
import { formatAmount, formatCount, formatDuration } from '../units.ts';

/** What became of healing: how many records it was about, the sync that did it, and what stood before. */
export interface HealResult {
  readonly records: number;
  readonly sync: RunSummary;
  readonly before: ReconcileSummary;
}

/** 0 when nothing differs, 3 when drift stands or not every source could be compared, 1 and 4 when none could. */
export function reconcileExitCode({ status, sources, totals }: ReconcileSummary): ExitCode {
  if (status === 'cancelled') return EXIT.interrupted;
  if (status === 'failed') {
    const failed = sources.filter((source) => source.status === 'failed');
    const isUnauthorized = failed.every(({ error }) =>
      CREDENTIAL_FAILURES.some((type) => type === error?.type),
    );
    return failed.length > 0 && isUnauthorized ? EXIT.credentials : EXIT.failed;
  }
  return status === 'complete' && totals.drift === 0 ? EXIT.ok : EXIT.partial;
}

const SHOWN = 5;

/** One JSON document, or a table of sources, what drifted of each, and what to do next. */
export function printReconcile(
  output: Output,
  result: ReconcileSummary & { readonly heal: HealResult | null },
  isTerminal: boolean,
): void {
  if (output.json) {
    output.document(result);
    return;
  }
  if (result.sources.length > 0) {
    output.table(columns(output.paint, isTerminal), result.sources);
  }
  for (const line of result.sources.flatMap(driftLines)) output.note(line);
  output.note();
  const isWell = reconcileExitCode(result) === EXIT.ok;
  output.note(`${mark(isWell ? 'complete' : 'partial', output.notePaint)} ${sentence(result)}`);
  const problems = [
    ...(result.error === undefined ? [] : errorLines('reconciliation', result.error)),
    ...result.sources.flatMap(({ alias, status, error }) =>
      error === undefined ? [] : errorLines(`${status}: ${plainText(alias)}`, error),
    ),
  ];
  for (const line of [...problems, ...nextLines(result)]) {
    output.note(asTyped(line, output.program));
  }
}

const COUNTS = ['checked', 'matching', 'behind', ...DRIFT_NAMES] as const;

function columns(paint: Paint, isTerminal: boolean): readonly TableColumn<ComparisonSummary>[] {
  const counts = COUNTS.map((key): TableColumn<ComparisonSummary> => ({
    header: key.toUpperCase(),
    align: 'right',
    text: (source) => formatCount(source[key]),
    data: (source) => source[key],
  }));
  return [
    { header: 'SOURCE', text: ({ alias }) => alias, shrinks: true },
    {
      header: 'STATUS',
      text: statusWord,
      paint: (cell, source) =>
        statusColour(statusWord(source) === 'drift' ? 'partial' : source.status, paint)(cell),
    },
    ...counts,
    ...(isTerminal
      ? []
      : [
          { header: 'MODE', text: ({ mode }: ComparisonSummary) => mode ?? '' },
          {
            header: 'REQUESTS',
            text: ({ requests }: ComparisonSummary) => formatCount(requests),
            data: ({ requests }: ComparisonSummary) => requests,
          },
        ]),
  ];
}

const statusWord = (source: ComparisonSummary) =>
  source.status === 'complete' && driftOf(source) > 0 ? 'drift' : source.status;

/** `tasks: 2 altered (the record is the same, …): 1a2b… (name), …` */
function driftLines(source: ComparisonSummary): readonly string[] {
  return DRIFT_NAMES.filter((kind) => source[kind] > 0).map((kind) => {
    const shown = source.drift.filter((record) => record.kind === kind).slice(0, SHOWN);
    const names = shown.map(({ record_id, columns: cells }) =>
      plainText(
        cells.length === 0 ? record_id : `${record_id} (${cells.slice(0, SHOWN).join(', ')})`,
      ),
    );
    const more = source[kind] - shown.length;
    const rest = more > 0 ? ` and ${formatCount(more)} more` : '';
    return `${plainText(source.alias)}: ${formatCount(source[kind])} ${kind} (${told(kind)}): ${names.join(', ')}${rest}`;
  });
}

const told = (kind: DriftKind) => DRIFT_KINDS[kind];

function sentence({
  totals,
  started_at,
  finished_at,
  heal,
}: ReconcileSummary & { readonly heal: HealResult | null }): string {
  const { checked, behind, drift, requests, sources } = totals;
  const ms = Date.parse(finished_at) - Date.parse(heal?.before.started_at ?? started_at);
  const what = drift === 0 ? 'no drift' : `${formatAmount(drift, 'record')} drifted`;
  const healed = heal === null ? '' : `${formatCount(Math.max(0, heal.records - drift))} healed, `;
  const late = behind === 0 ? '' : `, ${formatCount(behind)} behind (the next sync brings them)`;
  return (
    `${healed}${what}${late}: ${formatAmount(sources, 'source')}, ${formatCount(checked)} compared, ` +
    `${formatAmount(requests, 'request')} in ${formatDuration(ms)}`
  );
}

function nextLines({
  totals,
  heal,
  run_id,
}: ReconcileSummary & { readonly heal: HealResult | null }): readonly string[] {
  const errors = (heal?.sync.sources ?? []).flatMap(({ alias, status, error }) =>
    error === undefined ? [] : errorLines(`${status}: ${plainText(alias)}`, error),
  );
  const isHealable = totals.drift > 0 && heal === null;
  return [
    ...errors,
    '',
    ...(isHealable ? [`hint     appsync reconcile --run ${run_id} --heal`] : []),
    `details  appsync reconcile --run ${run_id} --json`,
  ];
}
