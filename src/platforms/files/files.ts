import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWindow } from '../../contract/scan.ts';
import { INTERFACE_VERSION, requestRate, type Platform } from '../platform.ts';
import type { PlatformSession } from '../session.ts';
import { createConverter } from './convert.ts';
import { startFolderStage } from './folder-stage.ts';
import type { Reading } from './reading.ts';
import { COLUMN_TYPES, externalId, parseRef } from './source-ref.ts';
import { Spool } from './spool.ts';

/** What differs between the program and its tests. */
export interface FilesOptions {
  /** Where copies are kept that can be read from any byte. */
  readonly spool: string;
  readonly now: () => number;
  /** What relative places are meant from. */
  readonly workingDirectory: () => string;
}

/** CSV, TSV, JSON Lines and JSON arrays, from the worker's own disk or from an https address. */
export function createFiles({ spool: root, now, workingDirectory }: FilesOptions): Platform {
  const spool = new Spool(root, now);
  const platform: Platform = {
    interface_version: INTERFACE_VERSION,
    name: 'files',
    title: 'Files',
    environment: { token: ['FILES_TOKEN'] },
    credentials: 'optional',
    place: 'a folder, a file or a URL',
    plans: { standard: 5 },
    overlap_ms: 0,
    located_at_once: 0,
    batch_factor: 10,
    parseRef,
    externalId,
    knownTypes: new Set<string>(COLUMN_TYPES),
    createConverter,
    // A file that changed is read whole; one that did not is not read at all.
    supportsIncremental: () => false,
    needsNoRequests: (ref) => ref['url'] === undefined,
    conformance: startFolderStage,
    connect(connection, requests): PlatformSession {
      const rate = requestRate(platform, connection);
      // Loaded when a file is opened: parsers take longer to load than most commands, which open none.
      let loading: Promise<Reading> | undefined;
      const reading = () =>
        (loading ??= import('./reading.ts').then(({ createReading }) =>
          createReading({ now, workingDirectory }, spool, { connection, requests, rate }),
        ));
      return {
        // There is nobody to ask: a token is for whichever host a source names.
        identify: () => Promise.resolve({ name: 'this machine', workspace: null }),
        discover: async function* (place) {
          yield* (await reading()).discover(place);
        },
        readVersion: async (ref) => (await reading()).readVersion(ref),
        describe: async (ref) => (await reading()).describe(ref),
        // One window: files are read in the order of their names, from beginning to end.
        planScan: ({ version }) => [openWindow(0, { lower: version ?? null })],
        fetchBatch: async (request) => (await reading()).fetchBatch(request),
      };
    },
  };
  return platform;
}

export const files = createFiles({
  spool: join(tmpdir(), `appsync-files-${process.getuid?.() ?? 0}`),
  now: Date.now,
  workingDirectory: () => process.cwd(),
});
