import type { Queryable } from '../store/database.ts';
import type { PlatformNames } from './file.ts';

export type Kind = 'platform' | 'app' | 'source' | 'component' | 'vault' | 'user';

/** One thing and the words for it: the one that filters carry first, then its other names and ids. */
export interface Entry {
  readonly words: readonly string[];
}

/** Everything that a target or filter can name. */
export type Vocabulary = Readonly<Record<Kind, readonly Entry[]>>;

const WORDS = `
  select 'app' as kind, array[slug, name, id::text] as words from appsync.application
  union all
  select 'source', array[alias, external_id, replace(external_id, '-', '')] from appsync.source
  union all
  select distinct 'component', array[component] from appsync.source where component is not null
  union all
  select 'vault', array[id, name] from appsync.vault
  union all
  select 'user', array[id, username] from appsync.app_user
  order by 1, 2`;

export async function loadVocabulary(db: Queryable, platforms: PlatformNames): Promise<Vocabulary> {
  const { rows } = await db.query<{ kind: Kind; words: string[] }>(WORDS);
  const of = (kind: Kind) =>
    rows.filter((row) => row.kind === kind).map(({ words }) => ({ words }));
  return {
    platform: [...platforms.keys()].map((name) => ({ words: [name] })),
    app: of('app'),
    source: of('source'),
    component: of('component'),
    vault: of('vault'),
    user: of('user'),
  };
}

/**
 * The entries that a word means. Its kinds of words count in their order (a slug before a name before an
 * id), and only when none is the word exactly, those that differ from it by case.
 */
export function findEntries(entries: readonly Entry[], word: string): readonly Entry[] {
  for (const position of [0, 1, 2]) {
    const found = entries.filter(({ words }) => words[position] === word);
    if (found.length > 0) return found;
  }
  const lower = word.toLowerCase();
  return entries.filter(({ words }) => words.some((other) => other.toLowerCase() === lower));
}
