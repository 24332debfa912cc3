import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { SyncFailure } from '../../errors.ts';
import type { DiscoveredSource, SourceRef } from '../platform.ts';
import { fileFailure } from './failures.ts';
import { prepare, type Surroundings } from './prepare.ts';
import { externalId, formatOf, isPattern, parseRef } from './source-ref.ts';

/** Names of columns that are tried as key, in this order. */
const KEY_NAMES = ['id', '_id', 'uuid', 'guid', 'key', 'code', 'slug', 'sku', 'identifier'];
/** Delimiters of files that have no comma, in the order in which they are tried. */
const DELIMITERS = [';', '\t', '|'];

/** Sources of a folder (its own files, not those of folders in it), of one file, a pattern or an address. */
export async function* discover(
  surroundings: Surroundings,
  place: string | undefined,
  workingDirectory: string,
): AsyncGenerator<DiscoveredSource> {
  if (place === undefined) return;
  if (/^https?:/i.test(place)) {
    yield await sourceOf(surroundings, { url: place }, workingDirectory);
    return;
  }
  for (const path of await pathsOf(resolve(workingDirectory, place))) {
    const short = relative(workingDirectory, path);
    const isInside = !short.startsWith('..') && !isAbsolute(short);
    const source = await sourceOf(
      surroundings,
      { path: isInside ? short : path },
      workingDirectory,
    );
    if (await isTable(surroundings, source.ref, workingDirectory)) yield source;
  }
}

async function pathsOf(path: string): Promise<readonly string[]> {
  try {
    if (isPattern(path) || !(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter(({ name }) => formatOf(name) !== null && !name.startsWith('.'))
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => join(path, name))
      .toSorted((a, b) => (a < b ? -1 : 1));
  } catch (thrown) {
    throw fileFailure(thrown, path);
  }
}

/** The reference as a person would write it, with what the file tells besides its place. */
async function sourceOf(
  surroundings: Surroundings,
  place: SourceRef,
  folder: string,
): Promise<DiscoveredSource> {
  const ref = await withKey(surroundings, await withDelimiter(surroundings, place, folder), folder);
  const name = basename(place['path'] ?? new URL(place['url'] ?? '').pathname);
  const title = name.replace(/(\.[a-z]+)(\.gz)?$/i, '').replace(/[*?]+/g, '');
  return { title, ref, external_id: externalId(parsed(ref, folder)) };
}

function parsed(ref: SourceRef, folder: string): SourceRef {
  try {
    return parseRef(ref, folder);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SyncFailure('Misconfigured', reason, {
      hint: 'write the source into the catalog file by hand: docs/files.md',
    });
  }
}

const columnsOf = async (surroundings: Surroundings, ref: SourceRef) => {
  const { survey } = await prepare(surroundings, ref);
  return { names: survey.fields.map(({ id }) => id), survey };
};

async function withDelimiter(
  surroundings: Surroundings,
  place: SourceRef,
  folder: string,
): Promise<SourceRef> {
  if (parsed(place, folder)['format'] !== 'csv') return place;
  const { names } = await columnsOf(surroundings, parsed(place, folder)).catch(unread);
  const [only = ''] = names;
  const delimiter = DELIMITERS.find((one) => only.includes(one));
  return names.length > 1 || delimiter === undefined ? place : { ...place, delimiter };
}

/** With the first column of a usual name that is filled and different in every row; else rows are known by content. */
async function withKey(
  surroundings: Surroundings,
  place: SourceRef,
  folder: string,
): Promise<SourceRef> {
  const { names } = await columnsOf(surroundings, parsed(place, folder)).catch(unread);
  const found = KEY_NAMES.flatMap((name) => names.filter((one) => one.toLowerCase() === name));
  for (const key of found) {
    const keyed = { ...place, key };
    const seen = await columnsOf(surroundings, parsed(keyed, folder)).catch(unread);
    if (seen.survey?.nameless === 0 && seen.survey.repeated === 0) return keyed;
  }
  return place;
}

/** A file that cannot be read as it is becomes a source all the same, and says then why it cannot. */
function unread(thrown: unknown): { readonly names: readonly string[]; readonly survey: null } {
  if (thrown instanceof SyncFailure && ['Misconfigured', 'Forbidden'].includes(thrown.type)) {
    return { names: [], survey: null };
  }
  throw thrown;
}

/** Many files are JSON without being a list of records: a package.json, a map. */
async function isTable(
  surroundings: Surroundings,
  ref: SourceRef,
  folder: string,
): Promise<boolean> {
  const whole = parsed(ref, folder);
  if (whole['format'] !== 'json') return true;
  return (await columnsOf(surroundings, whole).catch(unread)).survey !== null;
}
