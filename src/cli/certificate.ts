import type { Certificate } from '../contract/scan.ts';
import { MOST_ROWS, printLongTable } from './long-table.ts';
import type { Output } from './output.ts';
import { plainText, type TableColumn } from './table.ts';
import { formatAmount, formatCount } from '../units.ts';

/** More sources than this are a table; fewer are told in full. */
const TOLD_IN_FULL = 3;

/** What the scans of a run prove, source by source: why a source may be believed, or what is missing. */
export function printCertificates(
  output: Output,
  certificates: ReadonlyMap<string, Certificate>,
  { runId, isTerminal }: { readonly runId: string; readonly isTerminal: boolean },
): void {
  if (certificates.size === 0) return;
  if (certificates.size > TOLD_IN_FULL || !isTerminal) {
    printMany(output, [...certificates], runId, isTerminal);
    return;
  }
  output.print('');
  for (const [alias, certificate] of certificates) {
    for (const line of certificateLines(alias, certificate)) output.print(plainText(line));
  }
}

/** Of very many, a terminal shows those that prove nothing: the others would push the total of the run out of sight. */
function printMany(output: Output, all: readonly Row[], runId: string, isTerminal: boolean): void {
  const isLong = isTerminal && all.length > MOST_ROWS;
  const rows = isLong ? all.filter(([, { missing }]) => missing.length > 0) : all;
  if (rows.length > 0) output.print('');
  const command = `runs show ${runId}`;
  printLongTable(output, isTerminal, { columns: COLUMNS, rows, noun: 'proof', command });
  const whole = all.length - rows.length;
  if (whole === 0) return;
  const which = rows.length === 0 ? 'all ' : '';
  output.note(
    output.notePaint.dim(
      `${which}${formatAmount(whole, 'scan')} are whole: ${output.program} ${command} | less`,
    ),
  );
}

type Row = readonly [alias: string, certificate: Certificate];

const count = (header: string, of: (certificate: Certificate) => number): TableColumn<Row> => ({
  header,
  align: 'right',
  text: ([, certificate]) => formatCount(of(certificate)),
  data: ([, certificate]) => of(certificate),
});

const COLUMNS: readonly TableColumn<Row>[] = [
  { header: 'SOURCE', text: ([alias]) => alias, shrinks: true },
  { header: 'SCAN', text: ([, { mode }]) => mode },
  count('WINDOWS', ({ windows }) => windows),
  count('PAGES', ({ pages }) => pages),
  count('RECORDS', ({ records }) => records),
  count('LISTED', ({ rows }) => rows),
  count('CAPS', ({ cap_hits }) => cap_hits),
  count('RESTARTS', ({ cursor_restarts }) => cursor_restarts),
  { header: 'PROOF', text: ([, { missing }]) => missing.join('; ') || 'whole', shrinks: true },
];

export function certificateLines(alias: string, certificate: Certificate): readonly string[] {
  const { mode, since, windows, pages, records, rows, sweep, missing } = certificate;
  const { first, last, cap_hits, cursor_restarts, completed, other_objects } = certificate;
  const verdict = missing.length === 0 ? 'whole' : `not whole: ${missing.join('; ')}`;
  const line = (name: string, text: string) => `  ${name.padEnd(11)}${text}`;
  return [
    `${alias}: ${mode} scan${since === null ? '' : ` since ${since}`}, ${verdict}`,
    line(
      'read',
      [
        formatAmount(records, 'record'),
        `${formatCount(rows)} listed`,
        formatAmount(pages, 'page'),
        formatAmount(windows, 'window'),
      ].join(', '),
    ),
    ...(first === null ? [] : [line('from', first), line('to', last ?? '')]),
    line('clock', `${certificate.began_at} to ${certificate.server_time ?? '?'} (the server's)`),
    line(
      'met',
      [
        `row limit ${formatCount(cap_hits)} times`,
        `cursor lost ${formatCount(cursor_restarts)} times`,
        `${formatCount(completed)} values completed`,
        ...(other_objects > 0 ? [`${formatCount(other_objects)} rows that are no records`] : []),
      ].join(', '),
    ),
    ...(sweep === null || sweep.missing === 0
      ? []
      : [
          line(
            'not listed',
            [
              formatAmount(sweep.missing, 'row'),
              `${formatCount(sweep.deleted)} deleted (${formatCount(sweep.moved)} moved)`,
              `${formatCount(sweep.still_there)} still there`,
              `${formatCount(sweep.held)} wait for consent`,
            ].join(', '),
          ),
        ]),
  ];
}
