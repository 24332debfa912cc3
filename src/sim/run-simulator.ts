import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { demoWorld } from './demo-world.ts';
import { NO_LIMITS, startSimulator } from './simulator.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';

/** Where a simulator process writes, and what ends it. */
export interface SimulatorIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stop: AbortSignal;
}

export const SIMULATOR_USAGE = `usage: simulator [options]

  --port N            port on 127.0.0.1 (default 0: a free one)
  --seed N            the same seed gives the same ids and values (default 1)
  --records N         scale the demo world to about N records (default 20,140)
  --no-limits         without rate limits
  --notion-limit N    requests per 60 s and token (default 180)
  --airtable-limit N  requests per second and base (default 5)
  --lockout-ms N      how long Airtable refuses after one request too many (default 30000)
  --latency-ms N      delay of every answer (default 0)
  --query-cap N       rows per Notion query (default 10000)
  --storm RATE        share of requests that fail, 0 to 1 (default 0)

The demo world has one token per platform. Prints one line of JSON when it is ready:
notion_url, airtable_url, control_url, notion_token, airtable_token, sources, records, pid.
control_url answers GET sources, truth, log, knobs; POST edit, faults, storm, knobs, clock.
`;

const NUMBERS = [
  'port',
  'seed',
  'records',
  'notion-limit',
  'airtable-limit',
  'lockout-ms',
  'latency-ms',
  'query-cap',
  'storm',
] as const;

const PARSER = {
  options: {
    ...Object.fromEntries(NUMBERS.map((name) => [name, { type: 'string' as const }])),
    'no-limits': { type: 'boolean' },
    help: { type: 'boolean' },
  },
} satisfies ParseArgsConfig;

/** Runs a simulator until it is told to stop; returns the exit code. */
export async function runSimulator(args: readonly string[], io: SimulatorIo): Promise<number> {
  let settings: Settings;
  try {
    settings = parseSettings(args);
  } catch (error) {
    io.stderr(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    io.stderr(SIMULATOR_USAGE);
    return 2;
  }
  if (settings.help) {
    io.stdout(SIMULATOR_USAGE);
    return 0;
  }
  const simulator = await startSimulator(settings.options);
  if (settings.storm > 0) simulator.faults.storm({ rate: settings.storm });
  io.stdout(`${JSON.stringify(ready(simulator))}\n`);
  await stopped(io.stop);
  await simulator.close();
  return 0;
}

interface Settings {
  readonly help: boolean;
  readonly storm: number;
  readonly options: SimulatorOptions;
}

function parseSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({ ...PARSER, args: [...args] });
  const given: Readonly<Record<string, string | boolean | undefined>> = values;
  const number = (name: (typeof NUMBERS)[number]): number | undefined => {
    const value = given[name];
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (value === '' || Number.isNaN(parsed) || parsed < 0) {
      throw new Error(`--${name} should be a number of at least 0, not "${String(value)}"`);
    }
    return parsed;
  };
  const set = <K extends string>(key: K, value: number | undefined) =>
    (value === undefined ? {} : { [key]: value }) as Partial<Record<K, number>>;
  const records = number('records');
  const limits = given['no-limits'] === true ? NO_LIMITS : { notion: {}, airtable: {} };
  const latency = set('latencyMs', number('latency-ms'));
  return {
    help: given.help === true,
    storm: number('storm') ?? 0,
    options: {
      world: demoWorld(records === undefined ? {} : { records }),
      ...set('seed', number('seed')),
      ...set('port', number('port')),
      notion: {
        ...latency,
        ...set('rateLimit', number('notion-limit')),
        ...set('queryCap', number('query-cap')),
        ...limits.notion,
      },
      airtable: {
        ...latency,
        ...set('rateLimit', number('airtable-limit')),
        ...set('lockoutMs', number('lockout-ms')),
        ...limits.airtable,
      },
    },
  };
}

function ready(simulator: Simulator): Readonly<Record<string, unknown>> {
  const sources = simulator.world.sources();
  const tokens = simulator.world.tokens();
  return {
    notion_url: simulator.notionUrl,
    airtable_url: simulator.airtableUrl,
    control_url: `${simulator.notionUrl}/_sim`,
    notion_token: tokens.notion[0] ?? null,
    airtable_token: tokens.airtable[0] ?? null,
    sources: sources.length,
    records: sources.reduce((sum, source) => sum + source.records, 0),
    pid: process.pid,
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
