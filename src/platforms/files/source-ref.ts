import { createHash } from 'node:crypto';
import { isAbsolute, normalize, resolve } from 'node:path';
import type { ColumnType } from '../../contract/schema.ts';
import type { SourceRef } from '../platform.ts';
import { isObject } from '../values/json-object.ts';

export const FORMATS = ['csv', 'tsv', 'jsonl', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export const COLUMN_TYPES: readonly ColumnType[] = [
  'text',
  'numeric',
  'boolean',
  'date',
  'timestamptz',
  'jsonb',
  'text[]',
];

/** Where a source is and how it is read. */
export interface FileRef {
  readonly place:
    | { readonly kind: 'local'; readonly path: string }
    | { readonly kind: 'remote'; readonly url: string };
  readonly format: Format;
  readonly delimiter: string;
  /** Null: a quote is a character like any other. */
  readonly quote: '"' | null;
  /** Null: UTF-8, or what a byte order mark says. */
  readonly encoding: string | null;
  /** Columns that tell rows apart; none: a row is known by its content. */
  readonly key: readonly string[];
  readonly types: Readonly<Record<string, ColumnType>>;
}

const KEYS = ['path', 'url', 'format', 'delimiter', 'quote', 'encoding', 'key', 'types'];
const EXAMPLE = '{ path: data/airports.csv, key: iata } or { url: https://…, key: id }';

const SUFFIXES: Readonly<Record<string, Format>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
};

/** The format that a name tells, `.gz` aside; null when it tells none. */
export function formatOf(name: string): Format | null {
  const suffix = /\.([a-z]+)(?:\.gz)?$/.exec(name.toLowerCase())?.[1];
  return SUFFIXES[suffix ?? ''] ?? null;
}

/** Whether a path means several files: `*` and `?` stand in its last part. */
export const isPattern = (path: string): boolean => /[*?]/.test(path);

/**
 * `{ path: … }` or `{ url: … }` with what else the reference says, in one form of texts only: paths absolute, the
 * format spelled out, several key columns and types as JSON. Takes its own answer again.
 */
export function parseRef(ref: unknown, folder?: string): SourceRef {
  if (!isObject(ref)) throw new Error(`ref should be ${EXAMPLE}`);
  const given = new Map(Object.entries(ref).filter(([, value]) => value !== null));
  for (const key of given.keys()) {
    if (!KEYS.includes(key)) throw new Error(`ref.${key} is unknown: ref should be ${EXAMPLE}`);
  }
  const place = parsePlace(given, folder);
  const named = place.url === undefined ? place.path : new URL(place.url).pathname;
  const format = parseFormat(given.get('format'), named ?? '');
  return {
    ...place,
    format,
    ...(given.has('delimiter')
      ? { delimiter: parseDelimiter(given.get('delimiter'), format) }
      : {}),
    ...(given.has('quote') ? { quote: parseQuote(given.get('quote')) } : {}),
    ...(given.has('encoding') ? { encoding: parseEncoding(given.get('encoding')) } : {}),
    ...(given.has('key') ? { key: parseKey(given.get('key')) } : {}),
    ...(given.has('types') ? { types: parseTypes(given.get('types')) } : {}),
  };
}

function parsePlace(
  given: ReadonlyMap<string, unknown>,
  folder: string | undefined,
): { readonly path?: string; readonly url?: string } {
  if (given.has('url')) {
    if (given.has('path')) throw new Error('ref.path cannot stand beside ref.url');
    return { url: parseUrl(given.get('url')) };
  }
  const path = given.get('path');
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new Error('ref.path should be a path such as data/airports.csv or data/2024-*.csv');
  }
  if (isPattern(path.slice(0, path.lastIndexOf('/') + 1))) {
    throw new Error('ref.path may have * and ? in its last part only');
  }
  if (isAbsolute(path)) return { path: normalize(path) };
  if (folder === undefined) throw new Error('ref.path should be absolute here');
  return { path: resolve(folder, path) };
}

function parseUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  if (url === null || !isSafe(url)) {
    throw new Error('ref.url should begin with https:// (http:// for this machine only)');
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('ref.url must not hold a password: give the account a token instead');
  }
  url.hash = '';
  return url.href;
}

/** Whether what is read, and the token that is sent, cannot be seen on the way. */
export const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' ||
  (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));

function parseFormat(value: unknown, name: string): Format {
  const given = FORMATS.find((format) => format === value);
  if (given !== undefined) return given;
  if (value !== undefined) throw new Error(`ref.format should be one of ${FORMATS.join(', ')}`);
  const told = formatOf(name);
  if (told !== null) return told;
  throw new Error(`ref.format is missing: the name does not tell it (${FORMATS.join(', ')})`);
}

function parseDelimiter(value: unknown, format: Format): string {
  if (format !== 'csv' && format !== 'tsv') {
    throw new Error(`ref.delimiter means nothing in ${format}`);
  }
  if (typeof value === 'string' && /^[^"\r\n\P{ASCII}]$/u.test(value)) return value;
  throw new Error('ref.delimiter should be one ASCII character such as ";"');
}

function parseQuote(value: unknown): string {
  if (value === 'none' || value === '"') return value;
  throw new Error('ref.quote should be none, for files in which a quote is a character like any');
}

function parseEncoding(value: unknown): string {
  try {
    if (typeof value === 'string') return new TextDecoder(value).encoding;
  } catch {
    // No such encoding.
  }
  throw new Error('ref.encoding should be one such as utf-8, utf-16le or windows-1252');
}

function parseKey(value: unknown): string {
  const isList = typeof value === 'string' && value.startsWith('[');
  const names = isList ? fromJson(value) : typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(names) || names.length === 0) throw new Error('ref.key should be a column');
  const columns = names.map((name) => (typeof name === 'string' ? name.trim() : ''));
  if (columns.includes('')) throw new Error('ref.key should be one or several names of columns');
  const [only = ''] = columns;
  return columns.length === 1 && !/^\[|,/.test(only) ? only : JSON.stringify(columns);
}

function parseTypes(value: unknown): string {
  const types = typeof value === 'string' ? fromJson(value) : value;
  if (!isObject(types)) throw new Error('ref.types should be such as { elevation: numeric }');
  for (const [name, type] of Object.entries(types)) {
    if (COLUMN_TYPES.includes(type as ColumnType)) continue;
    throw new Error(`ref.types should give ${name} one of ${COLUMN_TYPES.join(', ')}`);
  }
  const sorted = Object.entries(types).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted));
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The parts of a reference that `parseRef` gave. */
export function fileRef(ref: SourceRef): FileRef {
  const { path, url, key, types } = ref;
  const format = FORMATS.find((name) => name === ref['format']) ?? 'csv';
  return {
    place: url === undefined ? { kind: 'local', path: path ?? '' } : { kind: 'remote', url },
    format,
    delimiter: ref['delimiter'] ?? (format === 'tsv' ? '\t' : ','),
    quote: ref['quote'] === 'none' ? null : '"',
    encoding: ref['encoding'] ?? null,
    key: key === undefined ? [] : key.startsWith('[') ? (JSON.parse(key) as string[]) : [key],
    types: types === undefined ? {} : (JSON.parse(types) as FileRef['types']),
  };
}

/** The path, or the address; of its query, in which a signature may stand, a digest only. */
export function externalId({ path, url }: SourceRef): string {
  if (url === undefined) return path ?? '';
  const { origin, pathname, search } = new URL(url);
  const digest = createHash('sha256').update(search).digest('hex').slice(0, 8);
  return search === '' ? `${origin}${pathname}` : `${origin}${pathname}?${digest}`;
}
