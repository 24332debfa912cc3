import { findSources, type SourceRow } from '../catalog/source-query.ts';
import { EXIT, usageError, type ExitCode } from '../errors.ts';
import {
  countSelected,
  dropQuarantined,
  listQuarantine,
  readQuarantinedRaw,
  type QuarantineEntry,
  type QuarantineSelection,
} from '../store/quarantine.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { confirm } from './confirm.ts';
import { printLongTable } from './long-table.ts';
import { withSession, type Session } from './session.ts';
import { shellLine } from './shell-word.ts';
import { resolveTargetAndFilters } from './sync-target.ts';
import { plainText, type TableColumn } from './table.ts';
import { formatAmount, formatCount, formatRelative } from '../units.ts';

/** The sources that a word means; without one all. */
export async function targetSources(
  session: Pick<Session, 'db' | 'platforms'>,
  word: string | undefined,
  now: number,
): Promise<readonly SourceRow[]> {
  const { target, filters } = await resolveTargetAndFilters(session, word ?? 'all', {});
  return findSources(session.db, target, filters, new Date(now));
}

/** `appsync quarantine list [TARGET]` */
export async function showQuarantine(
  context: CommandContext,
  word: string | undefined,
): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const { db } = session;
    const ids = (await targetSources(session, word, io.now())).map(({ id }) => id);
    const entries = await listQuarantine(db, ids);
    if (output.json) {
      const raw = await readQuarantinedRaw(db, ids);
      output.document(entries.map((one) => ({ ...one, raw: raw.get(keyOf(one)) ?? null })));
    } else {
      printLongTable(output, io.stdout.isTTY, {
        columns: columns(io.now()),
        rows: entries,
        noun: 'record',
        command: shellLine(['quarantine', 'list', ...(word === undefined ? [] : [word])]),
      });
    }
    if (entries.length === 0) output.note('no record is in quarantine');
    else output.note(`${amount(entries.length)}; next: ${output.program} quarantine retry`);
    return EXIT.ok;
  });
}

const keyOf = ({ alias, record_id, hash }: QuarantineEntry) => `${alias}/${record_id ?? hash}`;
const amount = (count: number) => `${formatAmount(count, 'record')} in quarantine`;

function columns(now: number): readonly TableColumn<QuarantineEntry>[] {
  return [
    { header: 'SOURCE', text: ({ alias }) => alias, shrinks: true },
    { header: 'RECORD', text: ({ record_id, hash }) => plainText(record_id ?? hash) },
    {
      header: 'SINCE',
      text: ({ first_seen_at }) => formatRelative(first_seen_at, now),
      data: ({ first_seen_at }) => first_seen_at,
    },
    {
      header: 'TRIES',
      align: 'right',
      text: ({ attempts }) => formatCount(attempts),
      data: ({ attempts }) => attempts,
    },
    { header: 'VERSION', text: ({ software }) => software },
    { header: 'REASON', text: ({ reason }) => plainText(reason), shrinks: true },
  ];
}

export interface DropRequest {
  readonly target: string | undefined;
  /** Record ids, or hashes of records without an id. */
  readonly records: readonly string[];
  readonly yes: boolean;
}

/** `appsync quarantine drop TARGET|--record ID …` */
export async function dropFromQuarantine(
  context: CommandContext,
  { target, records, yes }: DropRequest,
): Promise<ExitCode> {
  const { io, output } = context;
  if (target === undefined && records.length === 0) {
    throw usageError('say what to drop: a target, or --record', 'appsync quarantine list');
  }
  refuseSilence(context, yes, 'drop');
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const { db } = session;
    const sources = await targetSources(session, target, io.now());
    const selection: QuarantineSelection = {
      source_ids: sources.map(({ id }) => id),
      records: records.length === 0 ? null : records,
    };
    const count = await countSelected(db, selection);
    if (count === 0 && records.length > 0) {
      throw usageError('no such record is in quarantine', 'appsync quarantine list');
    }
    const question = `drop ${formatAmount(count, 'record')}? They stay unwritten until they change.`;
    if (count > 0 && !yes && !(await confirm(context, question, 'no'))) {
      output.note('nothing was dropped');
      return EXIT.interrupted;
    }
    const dropped = count === 0 ? 0 : await dropQuarantined(db, selection);
    if (output.json) output.document({ dropped });
    output.note(`dropped ${formatAmount(dropped, 'record')}`);
    return EXIT.ok;
  });
}

/** Throws a usage error when a question would come and nobody can answer it. */
export function refuseSilence({ io }: CommandContext, yes: boolean, verb: string): void {
  if (yes || io.stdin.isTTY === true) return;
  throw usageError(
    `quarantine ${verb} asks before it does anything, and here nobody can answer`,
    `appsync quarantine ${verb} … --yes`,
  );
}
