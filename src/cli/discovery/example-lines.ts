import type { TargetCounts } from '../../catalog/target-counts.ts';
import { displayWidth } from '../table.ts';
import { formatAmount } from '../../units.ts';
import type { KnownTargets, SourceTags } from './known-targets.ts';
import { filterWords, targetWords, type TargetWords } from './target-words.ts';

/** A command line, as the words after the program's name, and what it is for. */
export interface ExampleLine {
  readonly words: readonly string[];
  readonly purpose: string;
}

/** Examples of one way of working. */
export interface Workflow {
  readonly name: string;
  readonly title: string;
  readonly examples: readonly ExampleLine[];
}

/** The names that examples are made with. */
interface Cast {
  readonly known: KnownTargets;
  readonly words: TargetWords;
  readonly platform: string;
  readonly source: string;
  readonly app: string | undefined;
  readonly pair: Pair | undefined;
}

/** An application and a component that some source has both, of the application above where it can be. */
interface Pair {
  readonly app: string;
  readonly component: string;
}

/** Stands for a source where there is none yet. */
const NO_SOURCE = 'skyflow-artefacts';

/** Examples by workflow; without sources with the names of the documentation. */
export function exampleWorkflows(known: KnownTargets): readonly Workflow[] {
  const cast = castOf(known);
  return [
    { name: 'daily', title: 'Every day', examples: daily(cast) },
    { name: 'content', title: 'After content changed', examples: afterChanges(cast) },
    { name: 'import', title: 'A large import', examples: largeImport(cast) },
    { name: 'trouble', title: 'When something is wrong', examples: troubleshooting(cast) },
    { name: 'application', title: 'One application', examples: oneApplication(cast) },
  ];
}

function castOf(known: KnownTargets): Cast {
  const pairs = known.tags.flatMap(({ app, component }) =>
    app === null || component === null ? [] : [{ app, component }],
  );
  const app = mostUsed(known.targets, 'app') ?? (known.tags.length === 0 ? 'skyflow' : undefined);
  const isElsewhere = (pair: Pair) => Number(pair.app !== app);
  const [pair] = pairs.toSorted((a, b) => isElsewhere(a) - isElsewhere(b) || width(a) - width(b));
  return {
    known,
    words: targetWords(known),
    platform: mostUsed(known.targets, 'platform') ?? 'notion',
    source: shortest(known.tags)?.alias ?? NO_SOURCE,
    app,
    pair: pair ?? (known.tags.length === 0 ? { app: 'skyflow', component: 'artefact' } : undefined),
  };
}

/** The word of that kind with the most sources; undefined when none has any. */
export const mostUsed = (
  targets: readonly TargetCounts[],
  kind: TargetCounts['kind'],
): string | undefined => byUse(targets, kind)[0]?.word;

/** Targets of a kind that have sources, the most used first. */
export const byUse = (
  targets: readonly TargetCounts[],
  kind: TargetCounts['kind'],
): readonly TargetCounts[] =>
  targets
    .filter((target) => target.kind === kind && target.sources > 0)
    .toSorted((a, b) => b.sources - a.sources);

const shortest = (tags: readonly SourceTags[]) =>
  tags.toSorted((a, b) => a.alias.length - b.alias.length)[0];
const width = (pair: Pair) => displayWidth(pair.app) + displayWidth(pair.component);

const line = (words: readonly string[], purpose: string): ExampleLine => ({ words, purpose });

function daily({ known, words, platform }: Cast): readonly ExampleLine[] {
  const due = mostUsed(known.targets, 'platform') === undefined ? null : sum(known.targets, 'due');
  const tagged = (['component', 'vault', 'user'] as const).flatMap((kind) => {
    const word = mostUsed(known.targets, kind);
    return word === undefined ? [] : [line(words({ kind, word }), `the sources of one ${kind}`)];
  });
  return [
    line(['sync-dry'], 'what a sync would do; writes nothing'),
    line(
      ['sync-due'],
      `what is due${due === null ? '' : `: ${formatAmount(due, 'enabled source')} now`}`,
    ),
    line(['schedule', 'set', '--every', '15m'], 'let what is due sync by itself'),
    line([platform], `every source of ${platform}`),
    ...tagged,
    line(['runs', 'list'], 'how the latest runs ended'),
  ];
}

const sum = (targets: readonly TargetCounts[], key: 'due' | 'enabled' | 'sources') =>
  targets.filter(({ kind }) => kind === 'platform').reduce((total, each) => total + each[key], 0);

function afterChanges({ words, source, pair, platform }: Cast): readonly ExampleLine[] {
  const one = words({ kind: 'source', word: source });
  return [
    line(one, 'one source: what changed since its last sync'),
    line([...one, '--dry-run'], 'where that sync would begin'),
    ...(pair === undefined ? [] : [line(pairWords(pair), 'one component of an application')]),
    line([...one, '--no-incremental'], 'every record, also what does not look changed'),
    line([platform, '--only-due', '--no-wait'], 'start it and return at once'),
  ];
}

/** Words that look like options cannot be operands of a shortcut. */
function pairWords({ app, component }: Pair): readonly string[] {
  return component.startsWith('-')
    ? ['all', '--app', app, '--component', component]
    : ['sync-app-component', app, component];
}

function largeImport({ platform }: Cast): readonly ExampleLine[] {
  return [
    line(['sync-full', platform, '--dry-run'], 'how many records, and how long they take'),
    line(['sync-fast', platform, '--no-wait'], 'more requests and sources at once'),
    line(['sync-full', platform, '--batch-size', '1000'], 'read everything, in larger batches'),
    line(['sync-safe', platform], 'gently, while others use the same token'),
    line(['all', '--rate-limit', '1', '--max-concurrent', '2'], 'at most one request a second'),
    line(['runs', 'watch'], 'follow the latest run'),
    line(['runs', 'set', '--max-concurrent', '2'], 'slow it down while it is at work'),
    line(['runs', 'pause'], 'let it stand still; runs resume lets it go on'),
  ];
}

function troubleshooting({ source, words }: Cast): readonly ExampleLine[] {
  const one = words({ kind: 'source', word: source });
  return [
    line(['sync-inspect'], 'what is misconfigured, and how to mend it'),
    line(['sync-inspect', source], 'one source: settings, columns, drift'),
    line(['runs', 'show'], 'why sources of the latest run failed'),
    line(['quarantine', 'list', ...asTarget(one)], 'records that could not be written'),
    line(['quarantine', 'retry', ...asTarget(one)], 'write them again'),
    line(['reconcile', ...asTarget(one)], 'compare a sample with the platform'),
    line([...one, '--no-incremental'], 'read one source whole again'),
    line(['sources', 'accept-deletions', source], 'agree that records are gone'),
    line(['status'], 'what runs, and where'),
  ];
}

/** A target by one word; commands that take nothing else get none, which means all. */
const asTarget = (words: readonly string[]) => (words.length === 1 ? words : []);

function oneApplication({ app, pair, words }: Cast): readonly ExampleLine[] {
  if (app === undefined) return [];
  const whole = words({ kind: 'app', word: app });
  return [
    line(whole, 'every source of the application'),
    line([...filterWords('app', app), '--dry-run'], 'what that would do'),
    line(['sync-app-fast', app], 'with more requests and sources at once'),
    ...(pair?.app === app ? [line(pairWords(pair), 'one component of it')] : []),
    line(['all', '--app', app, '--only-due'], 'what is due of it'),
    ...asTarget(whole).map((word) =>
      line(['schedule', 'set', '--every', '1h', word], 'what is due of it, each hour, by itself'),
    ),
  ];
}
