import type { Finding } from '../../catalog/findings.ts';
import type { Database } from '../../store/database.ts';
import {
  countRows,
  inspectColumns,
  type ExactRows,
  type InspectedColumn,
} from '../../store/inspection/inspected-columns.ts';
import type { InspectedSource, OrphanTable } from '../../store/inspection/inspected-sources.ts';
import type { CommandContext } from '../command.ts';
import { plainText, type TableColumn } from '../table.ts';
import { formatCount, formatRelative } from '../../units.ts';
import { findingLines, formatBytes, formatEstimate, sourceDocument } from './inspect-summary.ts';

/** Tables up to this size are counted: that takes some tenths of a second at most. */
const COUNTED_BYTES = 64 * 1024 * 1024;

/** One source, or a table that has none: settings, columns, findings. */
export async function inspectOne(
  context: CommandContext,
  db: Database,
  subject: InspectedSource | OrphanTable,
  findings: readonly Finding[],
): Promise<void> {
  const { io, output } = context;
  const [table_schema = '', table_name = ''] = subject.table.split('.');
  const table = { table_schema, table_name };
  const columns = await inspectColumns(db, table, 'id' in subject ? subject.id : null);
  const isCountable =
    subject.bytes !== null &&
    subject.bytes <= COUNTED_BYTES &&
    ('relation' in subject ? subject.relation === 'r' : true) &&
    columns.some(({ column, type }) => column === '_deleted_at' && type !== null);
  const exact = isCountable ? await countRows(db, table) : null;
  if (output.json) {
    const rows = exact === null ? {} : { ...exact, rows_estimated: false };
    const own = 'alias' in subject ? sourceDocument(subject) : { ...subject, rows_estimated: true };
    output.document({ ...own, ...rows, columns: columns.map(columnDocument), findings });
    return;
  }
  printSettings(context, settingsOf(subject, exact, io.now(), io.stdout.isTTY));
  if (io.stdout.isTTY) {
    if (columns.length > 0) output.print();
    if (columns.length > 0) output.table(COLUMNS, columns);
    if (findings.length > 0) output.print();
    for (const line of findingLines(context, findings)) output.print(line);
    return;
  }
  for (const column of columns) {
    const cells = COLUMNS.map(({ text }) => plainText(text(column)));
    output.print(['column', ...cells].join('\t'));
  }
  for (const line of findingLines(context, findings)) output.note(line);
}

type Setting = readonly [name: string, value: string];

/** On a terminal beside each other; in a pipe `setting`, name and value with tabs between. */
function printSettings({ io, output }: CommandContext, settings: readonly Setting[]): void {
  const widest = Math.max(...settings.map(([name]) => name.length));
  for (const [name, value] of settings) {
    const text = plainText(value);
    if (!io.stdout.isTTY) output.print(['setting', name, text].join('\t'));
    else if (text !== '') output.print(`${output.paint.dim(name.padEnd(widest))}  ${text}`);
  }
}

function settingsOf(
  subject: InspectedSource | OrphanTable,
  exact: ExactRows | null,
  now: number,
  isTerminal: boolean,
): readonly Setting[] {
  const { table, bytes } = subject;
  const deleted = 'deleted_rows' in subject ? subject.deleted_rows : null;
  const size: readonly Setting[] = [
    ['table', table],
    ['rows', exact === null ? formatEstimate(subject.rows) : formatCount(exact.rows)],
    ['deleted', exact === null ? formatEstimate(deleted) : formatCount(exact.deleted_rows)],
    ['size', bytes === null ? '' : formatBytes(bytes)],
  ];
  if (!('alias' in subject)) return [['source', ''], ...size];
  const time = (iso: string | null) =>
    iso === null || !isTerminal ? (iso ?? '') : `${formatRelative(iso, now)} (${iso})`;
  const { every, cron, relation } = subject;
  return [
    ['source', subject.alias],
    ['platform', subject.platform],
    ['account', `${subject.account} (${subject.token_ref})`],
    [
      'ref',
      Object.entries(subject.ref)
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    ['application', subject.app ?? ''],
    ['component', subject.component ?? ''],
    ['vault', subject.vault ?? ''],
    ['user', subject.user ?? ''],
    ['enabled', subject.enabled ? 'yes' : 'no'],
    ['schedule', every ?? cron ?? 'each time that what is due is synced'],
    ['next due', time(subject.next_due_at)],
    ['full scan', subject.full_every ?? 'by size'],
    ['content', subject.content ?? ''],
    ['status', subject.last_status ?? 'never synced'],
    ['synced', time(subject.last_synced_at)],
    ['read whole', time(subject.full_scan_at)],
    ['certified', subject.certified ? 'yes' : 'no'],
    ...(relation === null ? [['table', `${table}, which is not there`] as const] : size),
  ];
}

/** How a column in Postgres compares with what was recorded for its property. */
function stateOf({ type, expected_type, place, dropped_at }: InspectedColumn): string {
  if (dropped_at !== null) return type === null ? 'dropped, no column' : 'dropped';
  if (expected_type === null) return '';
  if (place === 'more') return 'in _more';
  if (type === null) return 'missing';
  return type === expected_type ? '' : `altered, was ${expected_type}`;
}

const columnDocument = (column: InspectedColumn) => ({ ...column, state: stateOf(column) || 'ok' });

const COLUMNS: readonly TableColumn<InspectedColumn>[] = [
  { header: 'COLUMN', text: ({ column }) => column, shrinks: true },
  { header: 'TYPE', text: ({ type, expected_type }) => type ?? expected_type ?? '' },
  { header: 'PROPERTY', text: ({ property }) => property ?? '', shrinks: true },
  { header: 'PROPERTY TYPE', text: ({ property_type }) => property_type ?? '' },
  { header: 'STATE', text: stateOf, shrinks: true },
];
