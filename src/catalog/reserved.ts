import type { CatalogRules } from './file.ts';

/** Words that mean something else on the command line, so that no alias may be one of them. */
export function reservedWords(rules: CatalogRules): ReadonlyMap<string, string> {
  const platforms = [...rules.platforms.keys()];
  return new Map([
    ...rules.reserved.map((word) => [word, 'a command or shortcut'] as const),
    ...platforms.map((name) => [`sync-${name}`, 'a shortcut'] as const),
    ...platforms.map((name) => [name, 'a platform'] as const),
    ['all', 'the target that means every source'] as const,
  ]);
}
