export type Path = readonly (string | number)[];

/** Something wrong with a file, at the key that `path` leads to. */
export interface Problem {
  readonly path: Path;
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

/** `sources[2].every`. */
export function keyName(path: Path): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`))
    .join('');
}

// Tokens of Notion and Airtable by their form, wherever somebody put one by mistake.
const TOKEN = /\b(ntn_|secret_|pat[A-Za-z0-9]{14}\b|key[A-Za-z0-9]{14}\b)[\w.]*/g;

export const withoutTokens = (text: string) => text.replace(TOKEN, '…');

/** A value of the file for a message: quoted, short, and never a token. */
export function shown(value: string): string {
  const safe = withoutTokens(value);
  return JSON.stringify(safe.length > 60 ? `${safe.slice(0, 60)}…` : safe);
}
