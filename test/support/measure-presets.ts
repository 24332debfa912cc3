import { readFile, writeFile } from 'node:fs/promises';
import type { RunSummary } from '../../src/contract/summary.ts';
import type { WorldSpec } from '../../src/sim/simulator.ts';
import { run } from '../cli/fake-io.ts';
import { startInstallation, type TestInstallation } from './installation.ts';
import { startServers } from './servers.ts';
import { until } from './until.ts';
import { startWorkerProcess } from './worker-process.ts';

/** How long the real APIs take for a page, roughly. */
const LATENCY_MS = 400;
const UNLIMITED_LINES = [
  'sync-safe',
  'sync-all',
  'sync-fast',
  'sync-legacy',
  'sync-all --no-streaming',
  'sync-all --batch-size 500',
  'sync-fast --batch-size 1000',
];
const LIMITED_LINES = ['sync-safe', 'sync-all', 'sync-fast', 'sync-legacy'];

/** 5,000 rows of every type in ten data sources, and as many records in ten tables of two bases. */
const WORLD: WorldSpec = {
  notion: {
    databases: numbers(10).map((n) => ({
      title: `Data source ${n}`,
      sources: [{ title: `Data source ${n}`, records: 500 }],
    })),
  },
  airtable: {
    bases: ['A', 'B'].map((base) => ({
      name: `Base ${base}`,
      tables: numbers(5).map((n) => ({ title: `Table ${base}${n}`, records: 500 })),
    })),
  },
};

interface Cost {
  readonly summary: RunSummary;
  readonly events: number;
  /** Kilobytes that the worker held at most, beyond what it held before the run. */
  readonly memory: number;
  /** Seconds of processor time that it used. */
  readonly processor: number;
}

/** One first sync by this command line, with a database, simulators and a worker process of its own. */
async function measure(line: string, limits: boolean, address: string): Promise<Cost> {
  const installation = await startInstallation({ world: WORLD, limits, worker: 'spawned' });
  const worker = startWorkerProcess(installation, { APPSYNC_LOG_LEVEL: 'info' });
  try {
    if (limits) setLatency(installation);
    await worker.healthUrl();
    const pid = worker.child.pid ?? 0;
    const before = await memoryOf(pid, 'VmRSS');
    const idle = await processorOf(pid);
    // Forgets the peak of starting up.
    await writeFile(`/proc/${pid}/clear_refs`, '5');
    const env = { DATABASE_URL: installation.database.url, TEMPORAL_ADDRESS: address };
    const { stdout, stderr, exitCode } = await run(`${line} --json`, { env, real: true });
    if (exitCode !== 0) throw new Error(`${line}: ${stdout}${stderr}`);
    const memory = (await memoryOf(pid, 'VmHWM')) - before;
    const processor = (await processorOf(pid)) - idle;
    const summary = JSON.parse(stdout) as RunSummary;
    return { summary, memory, processor, events: await countEvents(installation, summary) };
  } finally {
    await installation.close();
  }
}

function setLatency({ simulator: { knobs } }: TestInstallation): void {
  knobs.notion.latencyMs = LATENCY_MS;
  knobs.airtable.latencyMs = LATENCY_MS;
}

async function memoryOf(pid: number, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
}

/** User and system time; Linux counts them in hundredths. */
async function processorOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
  return (Number(user) + Number(system)) / 100;
}

/** Of the run, its platforms and its sources; a list of workflows lags behind them. */
async function countEvents(
  { temporal, id }: TestInstallation,
  { platforms, sources }: RunSummary,
): Promise<number> {
  return until(async () => {
    const lengths: number[] = [];
    for await (const workflow of temporal.client.workflow.list()) {
      const ended = workflow.status.name !== 'RUNNING';
      if (ended && workflow.workflowId.endsWith(`@${id}`)) lengths.push(workflow.historyLength);
    }
    const isWhole = lengths.length >= 1 + platforms.length + sources.length;
    return isWhole && lengths.reduce((sum, length) => sum + length, 0);
  });
}

function row(line: string, { summary, memory, processor, events }: Cost): string {
  const { totals, sources } = summary;
  const seconds = (Date.parse(summary.finished_at) - Date.parse(summary.started_at)) / 1000;
  const batches = sources.reduce((sum, source) => sum + source.batches, 0);
  const cells = [
    `\`${line}\``,
    `${seconds.toFixed(1)} s`,
    `${processor.toFixed(1)} s`,
    `${Math.round(memory / 1024)} MB`,
    totals.requests,
    batches,
    events,
    `${Math.round(totals.waited_ms / 1000)} s`,
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

// Run by `npm run measure:presets`: prints the tables of docs/tuning.md. Linux only, as it asks /proc.
const { addresses, stop } = await startServers();
process.env['APPSYNC_TEST_SERVERS'] = JSON.stringify(addresses);
for (const limits of [false, true]) {
  const kind = limits ? `the plans' limits, ${LATENCY_MS} ms an answer` : 'no limits';
  process.stdout.write(
    `\n| ${kind} | time | processor | memory | requests | batches | events | waited |\n|---|---|---|---|---|---|---|---|\n`,
  );
  for (const line of limits ? LIMITED_LINES : UNLIMITED_LINES) {
    process.stdout.write(row(line, await measure(line, limits, addresses.temporal)));
  }
}
// The servers' reaper does not keep this process alive.
const alive = setInterval(() => {}, 1_000);
await stop();
clearInterval(alive);
process.exit(0);
