import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { tableOf } from '../catalog.ts';
import type { Stage } from '../stage.ts';
import type { BenchSource } from '../worlds.ts';
import type { Competitor } from './competitor.ts';

const schemaOf = (run: string) => `copy_${run}`;
const copiedTable = (source: BenchSource, run: string) =>
  `${schemaOf(run)}.${tableOf(source).split('.')[1]}`;

/**
 * The ceiling: the rows that appsync has just made, ready in memory, with one COPY into an empty table of the same
 * shape with the same primary key. No API, no conversion, nothing to go on from.
 */
export const copy: Competitor = {
  name: 'copy',
  import: async (stage, sources, run) => {
    await stage.db.query(`create schema ${schemaOf(run)}`);
    const loads = [];
    for (const source of sources) {
      const table = copiedTable(source, run);
      await stage.db.query(`create table ${table} (like ${tableOf(source)} including all)`);
      loads.push({ table, chunks: await rowsInMemory(stage, tableOf(source)) });
    }
    const began = performance.now();
    for (const { table, chunks } of loads) await copyInto(stage, table, chunks);
    const seconds = (performance.now() - began) / 1000;
    return { code: 0, stdout: '', stderr: '', seconds };
  },
  stored: (source, run) => ({
    table: copiedTable(source, run),
    id: '_id',
    name: 'name',
    points: 'points',
  }),
  clear: async ({ db }, run) => {
    await db.query(`drop schema if exists ${schemaOf(run)} cascade`);
  },
};

async function rowsInMemory({ db }: Stage, table: string): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  const client = await db.connect();
  try {
    const collect = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });
    await pipeline(client.query(copyTo(`copy ${table} to stdout`)), collect);
  } finally {
    client.release();
  }
  // As few, large writes as a bulk load makes.
  const all = Buffer.concat(chunks);
  const size = 1 << 16;
  return Array.from({ length: Math.ceil(all.length / size) }, (_, place) =>
    all.subarray(place * size, (place + 1) * size),
  );
}

async function copyInto({ db }: Stage, table: string, chunks: readonly Buffer[]): Promise<void> {
  const client = await db.connect();
  try {
    await pipeline(Readable.from(chunks), client.query(copyFrom(`copy ${table} from stdin`)));
  } finally {
    client.release();
  }
}
