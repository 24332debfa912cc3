import type { Estimate } from '../contract/scan-cost.ts';
import { describeChanges } from '../contract/schema-change.ts';
import { formatAmount, formatCount, formatRelative, formatSeconds } from '../units.ts';
import type { CommandContext } from './command.ts';
import { firstLines, printLongTable } from './long-table.ts';
import type { PlannedAccount } from './sync-plan-accounts.ts';
import type { PlannedSource } from './sync-plan-source.ts';
import type { SyncPlan } from './sync-plan.ts';
import type { TableColumn } from './table.ts';

/** As many sources are told about one by one. */
const MOST_LINES = 10;

/** Shows a plan: a line per source, what is worth knowing of them, each account, and how to carry it out. */
export function showPlan({ io, output }: CommandContext, plan: SyncPlan): void {
  const { sources, accounts, totals } = plan;
  const now = io.now();
  printLongTable(output, io.stdout.isTTY, {
    columns: planColumns(sources, now, io.stdout.isTTY),
    rows: sources,
    noun: 'source',
    command: `${plan.command.slice(output.program.length + 1)} --dry-run`,
  });
  for (const line of [...contentLines(sources), ...tableLines(sources, now)]) output.note(line);
  for (const line of deletionLines(sources)) output.note(line);
  const notDue = (plan.not_due ?? []).map(({ alias, reason }) => `${alias} is not due: ${reason}`);
  for (const line of firstLines(notDue, MOST_LINES, 'source')) output.note(line);
  output.note();
  for (const account of accounts) output.note(accountLine(account, now));
  const synced = sources.filter(({ outcome }) => outcome === 'sync');
  const count = (about: number, what: string) => (about > 0 ? `, ${about} ${what}` : '');
  output.note(
    `dry run: ${formatAmount(synced.length, 'source')} would be synced` +
      count(
        synced.filter(({ enabled }) => !enabled).length,
        'of them disabled (--only-enabled leaves them out)',
      ) +
      count(sources.filter(({ outcome }) => outcome === 'skip').length, 'skipped') +
      count(sources.filter(({ outcome }) => outcome === 'fail').length, 'failed') +
      `; ${amount(totals.requests, 'request')}, ${duration(totals.seconds)} at the budgets; nothing was written`,
  );
  for (const line of unknownLines(sources)) output.note(line);
  output.note(`to run it: ${plan.command}`);
}

/** `1,240`, `~1,240` when it may come otherwise, `2 or more` when nothing says how many. */
function number({ expected, least, most }: Estimate): string {
  if (expected === null) return `${formatCount(least)} or more`;
  return `${most === least ? '' : '~'}${formatCount(expected)}`;
}

const amount = (estimate: Estimate, noun: string) =>
  `${number(estimate)} ${noun}${estimate.expected === 1 && estimate.most === 1 ? '' : 's'}`;

const duration = ({ expected, least }: Estimate) =>
  expected === null ? `${formatSeconds(least * 1000)} or more` : formatSeconds(expected * 1000);

function accountLine(account: PlannedAccount, now: number): string {
  const { requests, seconds, rate, token_problem, blocked, month } = account;
  const share =
    month.limit === null
      ? `${formatCount(month.requests)} so far this month`
      : `${formatCount(month.requests)} of the plan's ${formatCount(month.limit)} so far this month` +
        (requests.expected === null
          ? ''
          : `, ${percent((month.requests + requests.expected) / month.limit)} with these`);
  return [
    `${account.account}: ${formatAmount(account.sources, 'source')}, ${amount(requests, 'request')}, ` +
      `${duration(seconds)} at ${formatRateOf(rate)}`,
    share,
    ...(token_problem === null ? [] : [`${token_problem}: its sources would fail`]),
    ...(blocked === null
      ? []
      : [
          `blocked, free ${formatRelative(blocked.until, now)} (${blocked.reason ?? 'no reason given'})`,
        ]),
  ].join('; ');
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
const formatRateOf = (rate: number) => `${Number(rate.toFixed(2))}/s`;

/** What contents cost: requests, of which a plan allows few a second. */
function contentLines(sources: readonly PlannedSource[]): readonly string[] {
  const lines = sources.flatMap(({ alias, contents }) => {
    if (contents === null) return [];
    const now =
      contents.expected === null
        ? 'of every record'
        : `of ${formatAmount(contents.expected, 'record')} now`;
    return [`${alias}: contents are read ${now}, then of each that changed: 1 request each`];
  });
  return firstLines(lines, MOST_LINES, 'source');
}

/** How old the schemas are that tables were compared with. */
function tableLines(sources: readonly PlannedSource[], now: number): readonly string[] {
  const read = sources.flatMap(({ schema_read_at }) => schema_read_at ?? []).toSorted();
  const [oldest] = read;
  if (oldest === undefined) return [];
  return [
    `tables are compared with schemas that were read ${formatRelative(oldest, now)} or later; --live reads them anew`,
  ];
}

function deletionLines(sources: readonly PlannedSource[]): readonly string[] {
  const sweeps = sources.filter(
    ({ outcome, deletions }) => outcome === 'sync' && deletions === 'sweep',
  );
  if (sweeps.length === 0) return [];
  const names = sweeps.slice(0, 3).map(({ alias }) => alias);
  const more = sweeps.length > 3 ? ` and ${sweeps.length - 3} more` : '';
  return [
    `deletions: full scans of ${names.join(', ')}${more} find what is gone; how many are is not known before`,
  ];
}

/** Why there is an open range. */
function unknownLines(sources: readonly PlannedSource[]): readonly string[] {
  const unknown = sources.filter(
    ({ outcome, requests }) => outcome === 'sync' && requests.expected === null,
  );
  const [first] = unknown;
  if (first === undefined) return [];
  return [`${formatAmount(unknown.length, 'source')} ${first.basis}`];
}

/** Columns on a terminal, which has little room for reasons, show what there is; as data they are always the same. */
function planColumns(
  sources: readonly PlannedSource[],
  now: number,
  isTerminal: boolean,
): readonly TableColumn<PlannedSource>[] {
  const says = (has: (source: PlannedSource) => boolean) => !isTerminal || sources.some(has);
  const changes: TableColumn<PlannedSource> = {
    header: 'CHANGES',
    text: changesText,
    shrinks: true,
  };
  const enabled: TableColumn<PlannedSource> = {
    header: 'ENABLED',
    text: (source) => (source.enabled ? 'yes' : 'no'),
    data: (source) => String(source.enabled),
  };
  return [
    { header: 'SOURCE', text: ({ alias }) => alias },
    { header: 'TABLE', text: ({ table }) => table, shrinks: true },
    { header: 'MODE', text: ({ outcome, mode }) => (outcome === 'sync' ? mode : outcome) },
    estimateColumn('RECORDS', ({ records }) => records),
    estimateColumn('REQUESTS', ({ requests }) => requests),
    ...(says((source) => changesText(source) !== '') ? [changes] : []),
    {
      header: 'WHY',
      text: ({ obstacle, since, reason }) =>
        obstacle ?? (since === null ? reason : `changes since ${formatRelative(since, now)}`),
      shrinks: true,
      data: ({ obstacle, reason }) => obstacle ?? reason,
    },
    ...(says((source) => !source.enabled) ? [enabled] : []),
  ];
}

const estimateColumn = (
  header: string,
  of: (source: PlannedSource) => Estimate,
): TableColumn<PlannedSource> => ({
  header,
  align: 'right',
  text: (source) => number(of(source)),
  data: (source) => of(source).expected,
});

const changesText = ({ changes }: PlannedSource): string =>
  changes.some(({ kind }) => kind === 'table_created') ? 'new table' : describeChanges(changes);
