import type { Filters, Target } from '../contract/target.ts';
import { usageError } from '../errors.ts';
import type { Queryable } from '../store/database.ts';
import { didYouMean } from './did-you-mean.ts';
import type { PlatformNames } from './file.ts';
import { findEntries, loadVocabulary, type Kind, type Vocabulary } from './vocabulary.ts';

const LIST = 'appsync sources list shows what there is';

/**
 * What `word` means: `all`, a platform (which wins over anything of that name), an application's slug,
 * name or id, or a source's alias. Throws a usage error when it means nothing, or two things.
 */
export async function resolveTarget(
  db: Queryable,
  word: string,
  platforms: PlatformNames,
): Promise<Target> {
  if (word.toLowerCase() === 'all') return { kind: 'all' };
  if (platforms.has(word)) return { kind: 'platform', name: word };
  const vocabulary = await loadVocabulary(db, platforms);
  const aliases = vocabulary.source.map(({ words }) => ({ words: words.slice(0, 1) }));
  const found = {
    application: findEntries(vocabulary.app, word),
    source: findEntries(aliases, word),
  };
  const exact = (entries: typeof found.source) =>
    entries.filter(({ words }) => words.includes(word));
  const applications = preferExact(found.application, exact, found.source);
  const sources = preferExact(found.source, exact, found.application);
  const platform = [...platforms.keys()].find((name) => name.toLowerCase() === word.toLowerCase());
  const [application, anotherApplication] = applications;
  const [source] = sources;
  if (application !== undefined && source !== undefined) {
    throw usageError(
      `"${word}" is both an application and a source`,
      `appsync all --app ${quoted(word)}, or appsync all --source ${quoted(word)}`,
    );
  }
  if (anotherApplication !== undefined) throw ambiguous('application', word, applications, '--app');
  if (source !== undefined) return { kind: 'source', name: keyOf(source) };
  if (application !== undefined) return { kind: 'application', name: keyOf(application) };
  if (platform !== undefined) return { kind: 'platform', name: platform };
  throw unknownTarget(word, vocabulary);
}

type Entries = ReturnType<typeof findEntries>;

/** Entries found by case alone give way to an exact find of the other kind. */
function preferExact(
  entries: Entries,
  exact: (entries: Entries) => Entries,
  others: Entries,
): Entries {
  return exact(others).length > 0 && exact(entries).length === 0 ? [] : entries;
}

function unknownTarget(word: string, vocabulary: Vocabulary) {
  if (vocabulary.source.length === 0) {
    return usageError(`unknown target "${word}": the catalog has no sources`, 'appsync init');
  }
  const entries = (['platform', 'app', 'source'] as const).flatMap((kind) =>
    // Targets name sources by alias only.
    vocabulary[kind].map(({ words }) => ({ words: kind === 'source' ? words.slice(0, 1) : words })),
  );
  const hint = suggestion(word, [{ words: ['all'] }, ...entries]);
  return usageError(`unknown target "${word}"`, hint);
}

const KINDS = [
  'platform',
  'app',
  'source',
  'component',
  'vault',
  'user',
] as const satisfies readonly Kind[];

/**
 * The filters with every value as the catalog writes it: exactly as given, else the only one that differs
 * by case alone. Throws a usage error when a value does not exist.
 */
export async function resolveFilters(
  db: Queryable,
  filters: Filters,
  platforms: PlatformNames,
): Promise<Filters> {
  const given = KINDS.filter((kind) => (filters[kind] ?? []).length > 0);
  if (given.length === 0) return filters;
  const vocabulary = await loadVocabulary(db, platforms);
  const resolved = given.map((kind) => {
    const keys = (filters[kind] ?? []).flatMap((value) => resolveValue(kind, value, vocabulary));
    return [kind, [...new Set(keys)]] as const;
  });
  return { ...filters, ...Object.fromEntries(resolved) };
}

function resolveValue(kind: Kind, value: string, vocabulary: Vocabulary): readonly string[] {
  const entries = findEntries(vocabulary[kind], value);
  const isExact = entries.some(({ words }) => words.includes(value));
  if (entries.length > 1 && !isExact) throw ambiguous(kind, value, entries, `--${kind}`);
  if (entries.length > 0) return entries.map(keyOf);
  throw usageError(`unknown ${kind} "${value}"`, suggestion(value, vocabulary[kind]));
}

function ambiguous(kind: string, word: string, entries: Entries, option: string) {
  const keys = entries.map(keyOf);
  return usageError(
    `"${word}" may be any of ${keys.join(', ')}: say which ${kind}`,
    keys.map((key) => `${option} ${quoted(key)}`).join(', or '),
  );
}

/** The nearest words that filters carry; other names and ids only when none of those is near. */
function suggestion(typed: string, entries: Entries): string {
  const near =
    didYouMean(typed, entries.map(keyOf)) ||
    didYouMean(
      typed,
      entries.flatMap(({ words }) => words),
    );
  return `${near}${LIST}`;
}

const keyOf = ({ words }: { readonly words: readonly string[] }) => words[0] ?? '';
const quoted = (word: string) =>
  /^[\w.@/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
