import type { Finding } from '../../catalog/findings.ts';
import type { InspectedSource } from '../../store/inspection/inspected-sources.ts';
import type { CommandContext } from '../command.ts';
import { asTyped } from '../program-name.ts';
import { plainText, type TableColumn } from '../table.ts';
import { formatAmount, formatCount } from '../../units.ts';
import { groupBy } from '../../group-by.ts';
import type { Inspection } from './inspect.ts';

/** As many sources are told one by one on a terminal. */
const MOST_SOURCES = 20;
/** As many are named where a finding concerns many. */
const NAMED = 3;

/** The document of `sources inspect --json`. */
export function summaryDocument({ sources, orphans, findings }: Inspection) {
  const bySubject = groupBy(findings, ({ subject }) => subject);
  return {
    sources: sources.map((source) => ({
      ...sourceDocument(source),
      findings: (bySubject.get(source.alias) ?? []).map(({ kind }) => kind),
    })),
    tables_without_source: orphans,
    findings,
  };
}

/** A source as JSON gives it. */
export const sourceDocument = (source: InspectedSource) => ({ ...source, rows_estimated: true });

/** The sources as a table, then what is wrong; a pipe gets every source and findings as notices. */
export function printSummary(context: CommandContext, inspection: Inspection): void {
  const { io, output } = context;
  const { sources, findings } = inspection;
  const isMany = sources.length > MOST_SOURCES;
  if (!io.stdout.isTTY) output.table(sourceColumns(findings), sources);
  else if (isMany) output.table(PLATFORM_COLUMNS, byPlatform(inspection));
  else if (sources.length > 0) output.table(sourceColumns(findings), sources);
  const print = (line: string) => (io.stdout.isTTY ? output.print(line) : output.note(line));
  if (findings.length > 0) print('');
  for (const line of findingLines(context, findings)) print(line);
  if (io.stdout.isTTY && isMany) {
    output.note(output.notePaint.dim(`one source: ${output.program} sync-inspect NAME`));
  }
  if (sources.length > 0 && findings.length === 0) output.note('nothing is wrong');
}

/** `~1,200`: what Postgres estimates. */
export const formatEstimate = (count: number | null): string =>
  count === null ? '?' : `~${formatCount(count)}`;

/** `812 B`, `16.0 kB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}

function sourceColumns(findings: readonly Finding[]): readonly TableColumn<InspectedSource>[] {
  const bySubject = groupBy(findings, ({ subject }) => subject);
  const kinds = ({ alias }: InspectedSource) =>
    (bySubject.get(alias) ?? []).map(({ kind }) => kind);
  return [
    { header: 'SOURCE', text: ({ alias }) => alias, shrinks: true },
    { header: 'TABLE', text: ({ table }) => table, shrinks: true },
    number('COLS', ({ columns }) => columns, formatCount),
    estimate('ROWS', ({ rows }) => rows),
    estimate('DELETED', ({ deleted_rows }) => deleted_rows),
    number('SIZE', ({ bytes }) => bytes, formatBytes),
    {
      header: 'FINDINGS',
      align: 'right',
      text: (source) => (kinds(source).length === 0 ? '' : formatCount(kinds(source).length)),
      data: (source) => kinds(source).join(','),
    },
  ];
}

function number<Row>(
  header: string,
  of: (row: Row) => number | null,
  format: (count: number) => string,
): TableColumn<Row> {
  const text = (row: Row) => {
    const count = of(row);
    return count === null ? '' : format(count);
  };
  return { header, align: 'right', text, data: of };
}

/** A source without a table has no rows; a table that was never analysed has an unknown number. */
const estimate = (
  header: string,
  of: (source: InspectedSource) => number | null,
): TableColumn<InspectedSource> => ({
  header,
  align: 'right',
  text: (source) => (source.relation === null ? '' : formatEstimate(of(source))),
  data: of,
});

interface PlatformRow {
  readonly platform: string;
  readonly sources: number;
  readonly enabled: number;
  readonly columns: number;
  readonly rows: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly concerned: number;
}

function byPlatform({ sources, findings }: Inspection): readonly PlatformRow[] {
  const problems = new Set(
    findings.filter(({ level }) => level === 'problem').map(({ subject }) => subject),
  );
  return [...groupBy(sources, ({ platform }) => platform)].map(([platform, own]) => {
    const sum = (of: (source: InspectedSource) => number | null) =>
      own.reduce((total, source) => total + (of(source) ?? 0), 0);
    return {
      platform,
      sources: own.length,
      enabled: own.filter(({ enabled }) => enabled).length,
      columns: sum(({ columns }) => columns),
      rows: sum(({ rows }) => rows),
      deleted: sum(({ deleted_rows }) => deleted_rows),
      bytes: sum(({ bytes }) => bytes),
      concerned: own.filter(({ alias }) => problems.has(alias)).length,
    };
  });
}

const PLATFORM_COLUMNS: readonly TableColumn<PlatformRow>[] = [
  { header: 'PLATFORM', text: ({ platform }) => platform },
  number('SOURCES', ({ sources }) => sources, formatCount),
  number('ENABLED', ({ enabled }) => enabled, formatCount),
  number('COLUMNS', ({ columns }) => columns, formatCount),
  number('ROWS', ({ rows }) => rows, formatEstimate),
  number('DELETED', ({ deleted }) => deleted, formatEstimate),
  number('SIZE', ({ bytes }) => bytes, formatBytes),
  number('WITH PROBLEMS', ({ concerned }) => concerned, formatCount),
];

/** Findings for people, problems first: one by one when few, else by kind with some names. */
export function findingLines(
  { output }: CommandContext,
  findings: readonly Finding[],
): readonly string[] {
  const order = findings.toSorted(
    (a, b) => Number(a.level === 'note') - Number(b.level === 'note'),
  );
  // A finding of an account is the same for all of its sources.
  const groups = groupBy(order, ({ kind, message }) =>
    findings.length > MOST_SOURCES ? kind : `${kind} ${message}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.slice(0, NAMED).map(({ subject }) => subject);
    const rest = group.length - names.length;
    const who =
      rest > 0
        ? `${formatAmount(group.length, 'source')} (${names.join(', ')}, …)`
        : names.join(', ');
    const isSame = group.every(({ message }) => message === first.message);
    const what = isSame
      ? first.message
      : `${first.kind.replaceAll('_', ' ')}, such as: ${first.message}`;
    const fix = group.every((each) => each.fix === first.fix) ? 'fix' : 'fix, such as';
    const mark = first.level === 'problem' ? 'problem' : 'note';
    return [
      plainText(`${mark}: ${who}: ${what}`),
      plainText(`  ${fix}: ${asTyped(first.fix, output.program)}`),
    ];
  });
}
