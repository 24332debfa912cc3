import { EXIT, type ExitCode } from '../errors.ts';
import { createRateBudget, type BudgetStatus } from '../platforms/rate-limit.ts';
import { readCustomTotals, readHours, readSizes, readTotals } from '../store/stats.ts';
import { readLiveWorkers, type WorkerReport } from '../store/worker-reports.ts';
import { formatAmount, formatBytes, formatCount, formatRate, formatRelative } from '../units.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { MOST_ROWS, printLongTable } from './long-table.ts';
import type { Output } from './output.ts';
import { withSession, type Session } from './session.ts';
import { sparkline } from './sparkline.ts';
import type { TableColumn } from './table.ts';

const HOURS = 24;

/** `appsync stats` */
export async function showStats(context: CommandContext): Promise<ExitCode> {
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const stats = await readStats(session);
    const { output, io } = context;
    if (output.json) output.document(stats);
    else printStats(stats, output, io.now(), io.stdout.isTTY);
    return EXIT.ok;
  });
}

type Stats = Awaited<ReturnType<typeof readStats>>;

async function readStats({ db }: Session) {
  const [workers, budgets, sizes, hours, totals, custom] = await Promise.all([
    readLiveWorkers(db),
    createRateBudget(db).status(),
    readSizes(db),
    readHours(db, HOURS),
    readTotals(db),
    readCustomTotals(db),
  ]);
  return { workers, budgets, sizes, hours, totals, custom };
}

function printStats(stats: Stats, output: Output, now: number, isTerminal: boolean): void {
  const { workers, budgets, sizes, hours, totals, custom } = stats;
  const heading = (text: string) => output.print(output.paint.bold(text));
  heading(workers.length === 0 ? 'no live worker' : formatAmount(workers.length, 'live worker'));
  if (workers.length > 0) output.table(poolColumns, workers.flatMap(poolRows));
  if (budgets.length > 0) {
    heading('rate budgets');
    printLongTable(output, isTerminal, {
      columns: budgetColumns(now),
      rows: isTerminal ? busiestFirst(budgets) : budgets,
      noun: 'budget',
      command: 'stats',
    });
  }
  heading(`last ${HOURS} h`);
  for (const unit of ['records', 'requests'] as const) {
    const values = hours.map((hour) => hour[unit]);
    const sum = values.reduce((a, b) => a + b, 0);
    output.print(`${sparkline(values)}  ${formatCount(sum)} ${unit}`);
  }
  heading('sizes');
  output.print(
    `${formatAmount(sizes.tables, 'table')} ${formatBytes(sizes.table_bytes)}, about ` +
      `${formatAmount(sizes.rows, 'row')}; staging ${formatBytes(sizes.staging_bytes)}, about ` +
      `${formatAmount(sizes.staging_rows, 'row')}; database ${formatBytes(sizes.database_bytes)}`,
  );
  for (const { table, bytes, rows } of sizes.largest) {
    output.print(`  ${table}  ${formatBytes(bytes)}, about ${formatAmount(rows, 'row')}`);
  }
  heading('totals');
  output.print(
    `${formatAmount(totals.sources, 'source')} (${formatCount(totals.enabled)} enabled), ` +
      `${formatAmount(totals.runs, 'run')}, ${formatAmount(totals.source_runs, 'source run')}, ` +
      `${formatCount(totals.records_read)} records read, ${formatCount(totals.records_written)} written, ` +
      `${formatAmount(totals.requests, 'request')}, ${formatCount(totals.rate_limited)} rate limited, ` +
      `${formatCount(totals.quarantined)} in quarantine`,
  );
  for (const { platform, name, total } of custom) {
    output.print(`  ${platform} ${name}  ${formatCount(total)}`);
  }
}

/** Each base has a budget of its own, and most of many bases are idle. */
const busiestFirst = (budgets: readonly BudgetStatus[]): readonly BudgetStatus[] =>
  budgets.length <= MOST_ROWS
    ? budgets
    : budgets.toSorted((a, b) => b.waiting - a.waiting || b.used - a.used);

interface PoolRow {
  readonly worker: string;
  readonly pool: string;
  readonly most: number;
  readonly busy: number;
  readonly waiting: number;
  readonly taken: number;
  /** Only connections to Postgres are counted one by one. */
  readonly idle: number | null;
  readonly reused: number | null;
  /** Only requests count those that had to wait. */
  readonly waited: number | null;
}

function poolRows({ host, pid, pools }: WorkerReport): readonly PoolRow[] {
  const worker = `${host}:${pid}`;
  return [
    { ...pools.postgres, worker, pool: 'postgres', waited: null },
    ...pools.http.map((pool) => ({
      ...pool,
      worker,
      pool: `http ${pool.account}`,
      idle: null,
      reused: null,
    })),
  ];
}

const number = <Row>(header: string, of: (row: Row) => number | null): TableColumn<Row> => ({
  header,
  align: 'right',
  text: (row) => (of(row) === null ? '' : formatCount(of(row) ?? 0)),
  data: of,
});

const poolColumns: readonly TableColumn<PoolRow>[] = [
  { header: 'WORKER', text: ({ worker }) => worker, shrinks: true },
  { header: 'POOL', text: ({ pool }) => pool, shrinks: true },
  number('MOST', ({ most }) => most),
  number('BUSY', ({ busy }) => busy),
  number('IDLE', ({ idle }) => idle),
  number('WAITING', ({ waiting }) => waiting),
  number('TAKEN', ({ taken }) => taken),
  number('REUSED', ({ reused }) => reused),
  number('WAITED', ({ waited }) => waited),
];

function budgetColumns(now: number): readonly TableColumn<BudgetStatus>[] {
  return [
    { header: 'ACCOUNT', text: ({ account }) => account, shrinks: true },
    { header: 'BUDGET', text: ({ key }) => key, shrinks: true },
    {
      header: 'RATE',
      align: 'right',
      text: ({ rate }) => formatRate(rate),
      data: ({ rate }) => rate,
    },
    number('USED', ({ used }) => used),
    number('FREE', ({ free }) => free),
    number('WAITING', ({ waiting }) => waiting),
    {
      header: 'BLOCKED',
      text: ({ blocked_until: until }) =>
        until !== null && until.getTime() > now ? formatRelative(until.toISOString(), now) : '',
      data: ({ blocked_until }) => blocked_until?.toISOString() ?? null,
    },
  ];
}
