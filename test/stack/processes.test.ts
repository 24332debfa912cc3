import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findMarked, isOurs } from '../../src/stack/processes.ts';
import { stackFiles } from '../../src/stack/stack-files.ts';

const home = `/nowhere/${process.pid}/.appsync`;
const outer = stackFiles(home).marks;
const inner = stackFiles(`${home}/demo`).marks;
const marks = ['supervisor', 'postgres', 'temporal', 'worker'] as const;
const children: ChildProcess[] = [];

/** A process that looks like a part of a stack: Postgres' and Temporal's arguments go on behind the mark. */
async function start(mark: string): Promise<number> {
  const argument = mark.startsWith('--appsync-') ? mark : `${mark}data`;
  const code = 'process.stdout.write("up"); setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['-e', code, '--', argument]);
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

let pids: { readonly outer: readonly number[]; readonly inner: readonly number[] };

beforeAll(async () => {
  pids = {
    outer: await Promise.all(marks.map((part) => start(outer[part]))),
    inner: await Promise.all(marks.map((part) => start(inner[part]))),
  };
});
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

it.each(marks)('a %s belongs to its own home, not to one that this lies in', (part) => {
  const place = marks.indexOf(part);
  const [ours = 0, theirs = 0] = [pids.outer[place], pids.inner[place]];
  expect(findMarked(outer[part]).map(({ pid }) => pid)).toEqual([ours]);
  expect(findMarked(inner[part]).map(({ pid }) => pid)).toEqual([theirs]);
  expect([isOurs(ours, outer[part]), isOurs(theirs, outer[part])]).toEqual([true, false]);
});
