import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SyncFailure } from '../../errors.ts';
import type { SourceRef } from '../platform.ts';
import { plainFile } from './decode.ts';
import { findLocal } from './local-files.ts';
import type { RemoteFiles } from './remote-file.ts';
import { externalId, fileRef, isPattern, type FileRef } from './source-ref.ts';
import type { Prepared, Spool } from './spool.ts';
import { fileName, survey, type Survey } from './survey.ts';

/** What a session of this platform works with. */
export interface Surroundings {
  readonly spool: Spool;
  readonly remote: RemoteFiles;
  /** Whose eyes a file behind an address is seen through. */
  readonly fingerprint: string;
  readonly now: () => number;
}

export type Ready = Prepared & { readonly server_time: string };

const timeOf = ({ now }: Surroundings) => new Date(now()).toISOString();

/**
 * Makes a source ready to be read from any place, or finds it made ready. `wanted`: the version that is gone on with;
 * where it is at hand no server is asked.
 */
export async function prepare(
  surroundings: Surroundings,
  ref: SourceRef,
  wanted?: string,
): Promise<Ready> {
  const parsed = fileRef(ref);
  return parsed.place.kind === 'local'
    ? prepareLocal(surroundings, ref, parsed, parsed.place.path, wanted)
    : prepareRemote(surroundings, ref, parsed, parsed.place.url, wanted);
}

async function prepareLocal(
  surroundings: Surroundings,
  ref: SourceRef,
  parsed: FileRef,
  path: string,
  wanted: string | undefined,
): Promise<Ready> {
  const { spool } = surroundings;
  const source = JSON.stringify(ref);
  const server_time = timeOf(surroundings);
  const { paths, version } = await findLocal(path);
  checkVersion(version, wanted, path);
  const found = await spool.find(source, version);
  if (found !== null) return { ...found, server_time };
  const names = isPattern(path);
  const made = await spool.make(source, version, async (folder) => {
    const seen = await surveyAll(parsed, paths, names, folder);
    // What was read is of this version only when it still is the version afterwards.
    const { version: after } = await findLocal(path);
    if (after !== version)
      throw new SyncFailure('Unavailable', `${path} changed while it was read`);
    return { version, survey: seen };
  });
  return { ...made, server_time };
}

/** A position is one in a certain version: in another it means nothing, and the scan has to begin anew. */
export function checkVersion(version: string, wanted: string | undefined, what: string): void {
  if (wanted === undefined || version === wanted) return;
  throw new SyncFailure('CursorLost', `${what} changed while it was read`);
}

async function surveyAll(
  parsed: FileRef,
  paths: readonly string[],
  withNames: boolean,
  folder: string,
): Promise<Survey> {
  const files = [];
  for (const [i, path] of paths.entries()) {
    const name = fileName(path);
    const plain = await plainFile({ path, what: path }, parsed, join(folder, `${i}.rows`));
    files.push({ ...plain, what: path, ...(withNames ? { name } : {}) });
  }
  return survey(parsed, files, folder);
}

async function prepareRemote(
  surroundings: Surroundings,
  ref: SourceRef,
  parsed: FileRef,
  url: string,
  wanted: string | undefined,
): Promise<Ready> {
  const { spool, remote, fingerprint } = surroundings;
  const source = JSON.stringify([ref, fingerprint]);
  const held = wanted === undefined ? null : await spool.find(source, wanted);
  if (held !== null) return { ...held, server_time: timeOf(surroundings) };
  const seen = await remote.look(url);
  const found = seen?.version == null ? null : await spool.find(source, seen.version);
  if (found !== null && seen !== null) {
    checkVersion(found.version, wanted, externalId(ref));
    return { ...found, server_time: seen.server_time };
  }
  let server_time = timeOf(surroundings);
  const made = await spool.make(source, seen?.version ?? '', async (folder) => {
    const path = join(folder, 'download');
    const downloaded = await remote.download(url, path, seen);
    ({ server_time } = downloaded);
    const { version } = downloaded;
    const known = await spool.find(source, version);
    if (known !== null) return { version, survey: known.survey };
    const what = externalId(ref);
    const plain = await plainFile({ path, what }, parsed, join(folder, '0.rows'));
    if (plain.path !== path) await rm(path);
    return { version, survey: await survey(parsed, [{ ...plain, what }], folder) };
  });
  checkVersion(made.version, wanted, externalId(ref));
  return { ...made, server_time };
}

/** What the version of a source is now, and the clock of whoever keeps it. */
export async function readVersion(surroundings: Surroundings, ref: SourceRef) {
  const { place } = fileRef(ref);
  if (place.kind === 'local') {
    const server_time = timeOf(surroundings);
    const { version } = await findLocal(place.path);
    return { version, server_time };
  }
  const seen = await surroundings.remote.look(place.url);
  if (seen?.version != null) return { version: seen.version, server_time: seen.server_time };
  // Only its bytes tell, so they are read; what is made of them is what a scan then reads.
  const { version, server_time } = await prepare(surroundings, ref);
  return { version, server_time };
}
