import { median } from './arithmetic.ts';
import {
  cpuOf,
  isMet,
  type CpuSeconds,
  type Figure,
  type MeasuredRun,
  type WorkloadResult,
} from './results.ts';

/** Where and when it was measured. */
export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly rounds: number;
  readonly quick: boolean;
  /** Load average of the minute before: above 0.5 something else was at work. */
  readonly load: number;
}

/** The results as Markdown, for the terminal and for docs/performance.md: what has a target first. */
export function report(results: readonly WorkloadResult[], where: Circumstances): string {
  const rows = results.flatMap(({ workload, figures }) =>
    figures.filter(({ target }) => target !== null).map((one) => [workload, ...figureRow(one)]),
  );
  const judged = table(['workload', ...FIGURE_HEADER], rows);
  return [whereLine(where), judged, ...results.map(workloadReport)].join('\n\n');
}

/** Where and when, in one line. */
function whereLine({ date, commit, machine, rounds, quick, load }: Circumstances): string {
  const kind = quick ? ', with a tenth of the rows: not to be quoted' : '';
  return `Measured ${date} at ${commit} on ${machine}, rounds: ${rounds}, load at the start: ${shown(load)}${kind}.`;
}

export function workloadReport({ workload, title, runs, figures, notes }: WorkloadResult): string {
  return [
    `**${workload}**: ${title}`,
    ...(runs.length === 0 ? [] : [table(RUN_HEADER, runRows(runs))]),
    ...(figures.length === 0 ? [] : [table(FIGURE_HEADER, figures.map(figureRow))]),
    ...notes,
  ].join('\n\n');
}

const RUN_HEADER = [
  'competitor',
  'seconds (least–most)',
  'rows/s',
  'requests',
  'simulator busy',
  'CPU s: all = command + worker + Postgres + Temporal',
];
const FIGURE_HEADER = ['figure', 'measured', 'target', ''];

function runRows(runs: readonly MeasuredRun[]): readonly (readonly string[])[] {
  const names = [...new Set(runs.map(({ competitor }) => competitor))];
  return names.map((name) => {
    const own = runs.filter(({ competitor }) => competitor === name);
    const seconds = own.map((run) => run.seconds);
    const middle = (of: (run: MeasuredRun) => number | null) =>
      median(own.map((run) => of(run) ?? NaN));
    const cpu = (part: keyof CpuSeconds) => shown(middle((run) => run.cpu[part]));
    return [
      name,
      `${shown(median(seconds))} (${shown(Math.min(...seconds))}–${shown(Math.max(...seconds))})`,
      shown(middle((run) => run.rows / run.seconds)),
      shown(middle((run) => run.requests)),
      `${shown(100 * middle((run) => (run.cpu.simulator ?? NaN) / run.seconds))} %`,
      `${shown(middle(cpuOf))} = ` +
        [cpu('command'), cpu('worker'), cpu('postgres'), cpu('temporal')].join(' + '),
    ];
  });
}

function figureRow(one: Figure): readonly string[] {
  const { name, value, unit, target } = one;
  const wanted = [
    ...(target?.least === undefined ? [] : [`≥ ${shown(target.least)} ${unit}`]),
    ...(target?.most === undefined ? [] : [`≤ ${shown(target.most)} ${unit}`]),
  ].join(', ');
  return [
    name,
    `${shown(value)} ${unit}`,
    wanted,
    target === null ? '' : isMet(one) ? 'met' : '**missed**',
  ];
}

/** Three significant digits, or all before the point. */
function shown(value: number): string {
  if (Number.isNaN(value)) return '?';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, place) =>
    Math.max(...lines.map((line) => (line[place] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, place) => cell.padEnd(widths[place] ?? 0)).join(' | ')} |`;
  return [
    line(header),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}
