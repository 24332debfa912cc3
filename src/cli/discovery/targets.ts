import { TARGET_KINDS, type TargetCounts } from '../../catalog/target-counts.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import type { Paint } from '../output.ts';
import { statusColour } from '../sync-result.ts';
import type { TableColumn } from '../table.ts';
import { formatAmount, formatCount, formatRelative } from '../../units.ts';
import { noteEmpty, readKnownTargets } from './known-targets.ts';

/** As many of a kind are shown on a terminal. */
export const MOST_OF_A_KIND = 20;

export const KIND_NAMES = {
  platform: 'platform',
  app: 'application',
  component: 'component',
  source: 'source',
  vault: 'vault',
  user: 'user',
} as const;

/** `appsync sources targets` */
export async function showTargets(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const known = await readKnownTargets(context);
  if (output.json) output.document(targetsDocument(known.targets));
  else {
    const { isTTY } = io.stdout;
    const rows = isTTY ? firstOfEachKind(known.targets) : known.targets;
    output.table(targetColumns(io.now(), output.paint, isTTY), rows);
    if (isTTY) noteRest(context, known.targets);
  }
  noteEmpty(context, known);
  if (known.tags.length > 0) noteUse(context);
  return EXIT.ok;
}

/** By kind in the plural: `{"platforms": […], "applications": […], …}`. */
const targetsDocument = (targets: readonly TargetCounts[]) =>
  Object.fromEntries(
    TARGET_KINDS.map((kind) => [
      `${KIND_NAMES[kind]}s`,
      targets.filter((target) => target.kind === kind),
    ]),
  );

export const firstOfEachKind = (targets: readonly TargetCounts[]): readonly TargetCounts[] =>
  TARGET_KINDS.flatMap((kind) =>
    targets.filter((target) => target.kind === kind).slice(0, MOST_OF_A_KIND),
  );

/** Says how many of each kind the terminal does not show, and how to see them. */
export function noteRest({ output }: CommandContext, targets: readonly TargetCounts[]): void {
  for (const kind of TARGET_KINDS) {
    const rest = targets.filter((target) => target.kind === kind).length - MOST_OF_A_KIND;
    if (rest > 0) {
      const amount = formatAmount(rest, `more ${KIND_NAMES[kind]}`);
      output.note(output.notePaint.dim(`… and ${amount}: ${output.program} sync-list | less`));
    }
  }
}

function noteUse({ output }: CommandContext): void {
  const { program, notePaint } = output;
  output.note(notePaint.dim(`sync one: ${program} NAME of a platform, application or source;`));
  output.note(notePaint.dim(`  ${program} sync-component NAME, sync-vault NAME, sync-user NAME`));
}

function targetColumns(
  now: number,
  paint: Paint,
  isTerminal: boolean,
): readonly TableColumn<TargetCounts>[] {
  const counts: readonly TableColumn<TargetCounts>[] = isTerminal
    ? [
        {
          header: 'ENABLED',
          align: 'right',
          text: ({ enabled, sources }) => `${formatCount(enabled)}/${formatCount(sources)}`,
        },
      ]
    : [
        { header: 'ENABLED', text: ({ enabled }) => String(enabled) },
        { header: 'SOURCES', text: ({ sources }) => String(sources) },
      ];
  return [
    { header: 'KIND', text: ({ kind }) => KIND_NAMES[kind] },
    { header: 'NAME', text: ({ word }) => word, shrinks: true },
    ...counts,
    { header: 'DUE', align: 'right', text: ({ due }) => formatCount(due), data: ({ due }) => due },
    {
      header: 'STATUS',
      text: ({ last_status }) => last_status ?? '',
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
