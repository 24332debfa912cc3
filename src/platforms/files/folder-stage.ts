import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConformanceStage } from '../conformance.ts';

const ROWS = 40;

/** A folder with a file of some dozens of rows, for `appsync dev conformance files`. */
export async function startFolderStage(): Promise<ConformanceStage> {
  const folder = await mkdtemp(join(tmpdir(), 'appsync-files-stage-'));
  const path = join(folder, 'members.csv');
  const empty = join(folder, 'nobody.csv');
  let columns = ['id', 'name', 'joined', 'paid'];
  let rows = Array.from({ length: ROWS }, (_, i) => rowOf(i + 1));
  const broken: string[] = [];
  const write = () =>
    writeFile(path, [columns.join(','), ...rows.map((row) => row.join(',')), ...broken].join('\n'));
  await write();
  await writeFile(empty, columns.join(','));
  return {
    token: '',
    place: folder,
    ref: { path, key: 'id' },
    ids: () => rows.map(([id = '']) => id),
    edit: async () => {
      rows = rows.with(3, (rows[3] ?? []).with(1, 'renamed'));
      await write();
    },
    add: async () => {
      rows = [...rows, rowOf(rows.length + 100)];
      await write();
    },
    remove: async () => {
      rows = rows.toSpliced(5, 1);
      await write();
    },
    addField: async () => {
      columns = [...columns, 'note'];
      rows = rows.map((row) => [...row, 'new']);
      await write();
    },
    addUnconvertible: async () => {
      broken.push('99,bro"ken,,');
      await write();
    },
    empty: () => ({ path: empty, key: 'id' }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

const rowOf = (n: number): readonly string[] => [
  `m${n}`,
  `"Member, ${n}"`,
  `2024-01-${String((n % 28) + 1).padStart(2, '0')}`,
  String(n / 4),
];
