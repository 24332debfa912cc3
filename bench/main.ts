/** `npm run bench`: measures appsync beside other ways, and writes bench/results.json and bench/summary.md. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { dlt } from './competitors/dlt.ts';
import { compilePlainScripts } from './competitors/plain.ts';
import { pythonWithDlt } from './competitors/python.ts';
import { parseOptions, type BenchOptions } from './options.ts';
import { report, type Circumstances } from './report.ts';
import type { WorkloadResult } from './results.ts';
import type { BenchContext } from './stage.ts';
import { WORKLOADS } from './workloads/index.ts';
import type { DltCompetitor } from './workloads/workload.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function main(): Promise<number> {
  let options: BenchOptions;
  try {
    const ids = WORKLOADS.map(({ id }) => id);
    options = parseOptions(process.argv.slice(2), ids);
  } catch (error) {
    tell(`error: ${messageOf(error)}`);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const { rounds, quick } = options;
  try {
    return await bench({ env: process.env, signal: stop.signal, rounds, quick, tell }, options);
  } catch (error) {
    if (stop.signal.aborted) return 130;
    tell(`error: ${messageOf(error)}`);
    return 1;
  }
}

/** Runs what was asked for; a workload that fails does not take the others along. */
async function bench(context: BenchContext, options: BenchOptions): Promise<number> {
  const where = circumstances(options);
  const results: WorkloadResult[] = [];
  let failed = 0;
  await compilePlainScripts(context);
  const python = await pythonWithDlt(context);
  const found: DltCompetitor = 'python' in python ? { competitor: dlt(python.python) } : python;
  for (const workload of chosen(options)) {
    try {
      results.push(await workload.run(context, found));
      await writeResults(results, where);
    } catch (error) {
      context.signal.throwIfAborted();
      failed += 1;
      tell(`${workload.id}: ${messageOf(error)}`);
    }
  }
  process.stdout.write(`${report(results, where)}\n`);
  tell('written: bench/results.json, bench/summary.md');
  return failed === 0 ? 0 : 1;
}

const tell = (line: string) => void process.stderr.write(`${line}\n`);

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const chosen = ({ only }: BenchOptions) =>
  WORKLOADS.filter(({ id, when }) => (only.length === 0 ? when === 'always' : only.includes(id)));

async function writeResults(results: readonly WorkloadResult[], where: Circumstances) {
  const json = JSON.stringify({ ...where, results }, null, 2);
  await writeFile(here('./results.json'), `${json}\n`);
  await writeFile(here('./summary.md'), `${report(results, where)}\n`);
}

function circumstances({ rounds, quick }: BenchOptions): Circumstances {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: here('..'), encoding: 'utf8' }).trim();
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return {
    date: new Date().toISOString().slice(0, 10),
    commit:
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain') === '' ? '' : ' with changes'),
    machine: `${cpus().length} × ${cpu?.model ?? '?'}, ${gigabytes} GB, Node ${process.version}`,
    rounds,
    quick,
    load: loadavg()[0] ?? NaN,
  };
}

process.exitCode = await main();
