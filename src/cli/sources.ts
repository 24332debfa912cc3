import { existsSync } from 'node:fs';
import { applyCatalog } from '../catalog/apply.ts';
import { differenceLines } from '../catalog/difference.ts';
import { listSources as readSources, type ListedSource } from '../catalog/listing.ts';
import type { Filters } from '../contract/target.ts';
import { EXIT, configurationError, type ExitCode } from '../errors.ts';
import type { Queryable } from '../store/database.ts';
import { readCatalog } from './catalog.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { firstLines, printLongTable } from './long-table.ts';
import { withSession } from './session.ts';
import { shellLine } from './shell-word.ts';
import { filterWords } from './sync-command-line.ts';
import { statusColour } from './sync-result.ts';
import { resolveTargetAndFilters } from './sync-target.ts';
import { plainText, type TableColumn } from './table.ts';
import type { Paint } from './output.ts';
import { formatAmount, formatCount, formatRelative } from '../units.ts';

/** `appsync sources list [TARGET]` */
export async function listSources(
  context: CommandContext,
  word: string | undefined,
  given: Filters,
): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const { db } = session;
    const { target, filters } = await resolveTargetAndFilters(session, word ?? 'all', given);
    const sources = await readSources(db, target, filters, new Date(io.now()));
    if (output.json) output.document(sources);
    else {
      printLongTable(output, io.stdout.isTTY, {
        columns: sourceColumns(io.now(), output.paint),
        rows: sources,
        noun: 'source',
        command: shellLine([
          'sources',
          'list',
          ...(word === undefined ? [] : [word]),
          ...filterWords(given),
        ]),
      });
    }
    const failing = failingLines(sources, io.now());
    for (const line of firstLines(failing, MOST_FAILING, 'failing source')) output.note(line);
    if (sources.length === 0) {
      output.note(await whyNone(db, existsSync(config.catalogPath), output.program));
    }
    return EXIT.ok;
  });
}

const MOST_FAILING = 10;

async function whyNone(db: Queryable, hasFile: boolean, program: string): Promise<string> {
  const all = await readSources(db);
  if (all.length > 0) return `no source matches, of ${formatCount(all.length)}`;
  return `no sources yet; next: ${program} ${hasFile ? 'sources apply' : 'init'}`;
}

/** What fails over and over, which a status alone does not say. */
const failingLines = (sources: readonly ListedSource[], now: number): readonly string[] =>
  sources.flatMap(({ alias, enabled, failures, failing_since, last_failure, next_due_at }) => {
    if (!enabled || failing_since === null) return [];
    const next = next_due_at === null ? '' : `, due again ${formatRelative(next_due_at, now)}`;
    const times = formatAmount(failures, 'time');
    return [
      `${alias}: failed ${times} in a row (${last_failure ?? ''}), first ${formatRelative(failing_since, now)}${next}`,
    ];
  });

function sourceColumns(now: number, paint: Paint): readonly TableColumn<ListedSource>[] {
  return [
    { header: 'SOURCE', text: ({ alias }) => alias },
    { header: 'PLATFORM', text: ({ platform }) => platform },
    { header: 'APP', text: ({ app }) => app ?? '', shrinks: true },
    { header: 'COMPONENT', text: ({ component }) => component ?? '', shrinks: true },
    {
      header: 'EVERY',
      text: ({ enabled, every, cron }) => (enabled ? (every ?? cron ?? '') : 'disabled'),
      data: ({ enabled, every, cron }) => (enabled ? (every ?? cron) : 'disabled'),
    },
    {
      header: 'STATUS',
      text: ({ last_status }) => last_status ?? 'never',
      data: ({ last_status }) => last_status,
      paint: (cell, { last_status }) => statusColour(last_status ?? '', paint)(cell),
    },
    {
      header: 'SYNCED',
      text: ({ last_synced_at }) =>
        last_synced_at === null ? '' : formatRelative(last_synced_at, now),
      data: ({ last_synced_at }) => last_synced_at,
    },
  ];
}

/** `appsync sources apply` */
export async function applySources(
  context: CommandContext,
  options: { readonly prune: boolean; readonly accept: boolean },
): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  const file = await readCatalog(config);
  if (file === null) throw configurationError(`there is no ${config.catalogPath}`, 'appsync init');
  return withSession(context, config, { worker: false }, async ({ db }) => {
    const difference = await applyCatalog(db, file, options);
    if (output.json) output.document(difference);
    else for (const line of differenceLines(difference)) output.print(plainText(line));
    output.note(`applied ${file.path}: ${formatAmount(file.sources.length, 'source')}`);
    return EXIT.ok;
  });
}
