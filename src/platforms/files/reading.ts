import type { Connection, Requests } from '../platform.ts';
import type { PlatformSession } from '../session.ts';
import { discover } from './discover.ts';
import type { FilesOptions } from './files.ts';
import { prepare, readVersion, type Surroundings } from './prepare.ts';
import { createRemoteFiles } from './remote-file.ts';
import { fetchBatch } from './scan.ts';
import { externalId } from './source-ref.ts';
import type { Spool } from './spool.ts';

/** All of a session that opens files: parsers and the client for addresses are loaded with it. */
export type Reading = Required<
  Pick<PlatformSession, 'discover' | 'readVersion' | 'describe' | 'fetchBatch'>
>;

/** Reads files as an account may, into copies that it shares with the other sessions of this platform. */
export function createReading(
  { now, workingDirectory }: Pick<FilesOptions, 'now' | 'workingDirectory'>,
  spool: Spool,
  account: {
    readonly connection: Connection;
    readonly requests: Requests;
    readonly rate: number;
  },
): Reading {
  const { connection, requests, rate } = account;
  const surroundings: Surroundings = {
    spool,
    remote: createRemoteFiles(connection, requests, rate, now),
    fingerprint: connection.fingerprint,
    now,
  };
  return {
    discover: (place) => discover(surroundings, place, workingDirectory()),
    readVersion: (ref) => readVersion(surroundings, ref),
    describe: async (ref) => {
      const { survey, server_time } = await prepare(surroundings, ref);
      const external_id = externalId(ref);
      return { title: external_id, external_id, fields: survey.fields, server_time };
    },
    fetchBatch: (request) => fetchBatch(surroundings, request),
  };
}
