import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { CommandContext } from '../cli/command.ts';
import type { CliIo } from '../cli/io.ts';
import { stackSettings } from '../cli/stack-settings.ts';
import { readConfig, type Config, type Environment } from '../config.ts';
import { demoWorld } from '../sim/demo-world.ts';
import { AIRTABLE_TOKEN, NOTION_TOKEN, startSimulator, type SimWorld } from '../sim/simulator.ts';
import { stopStack, type StackSettings } from '../stack/stack.ts';
import { demoCatalog } from './demo-catalog.ts';
import { startSimulatorProcess, type SimulatorProcess } from './simulator-process.ts';

/** Notion's Business plan: 600 requests in any 60 seconds. Airtable's limit is 5 per second and base. */
const NOTION_LIMIT = 600;
/** A round trip to the simulated platforms, so that waiting looks like waiting. */
const LATENCY_MS = 40;

/** Simulated platforms and a home of its own, so that the demo never meets a person's data. */
export interface DemoStage {
  readonly simulator: SimulatorProcess;
  /** What the platforms hold. */
  readonly world: SimWorld;
  close(): Promise<void>;
  /** The process as commands of the demo see it: environment and catalog point at the stage. */
  readonly io: CliIo;
  readonly config: Config;
  readonly home: string;
  readonly settings: StackSettings;
}

/** Sets the stage below `home`. With `fresh`, what an earlier demo left there is removed first. */
export async function setStage(
  context: CommandContext,
  home: string,
  options: { readonly fresh: boolean },
): Promise<DemoStage> {
  if (options.fresh) {
    const config = readConfig(stageEnvironment(context, home, 'http://127.0.0.1'), home);
    await stopStack(await stackSettings(context, config, { worker: true }));
    await rm(home, { recursive: true, force: true });
  }
  await mkdir(home, { recursive: true });
  const simulator = await startOnSamePort(join(home, 'simulator-port'));
  await writeFile(join(home, 'appsync.yaml'), demoCatalog());
  const env = stageEnvironment(context, home, simulator.url);
  const config = readConfig(env, home);
  // The same world once more, to compare with: nobody asks this one anything.
  const twin = await startSimulator({ world: demoWorld() });
  return {
    simulator,
    world: twin.world,
    close: async () => void (await Promise.all([simulator.close(), twin.close()])),
    io: { ...context.io, env, cwd: home, loadEnvironment: async () => env },
    config,
    home,
    settings: await stackSettings(context, config, { worker: true }),
  };
}

/** A port that stays the same keeps the worker that runs: another base URL would replace it. */
async function startOnSamePort(portFile: string): Promise<SimulatorProcess> {
  const options = ['--notion-limit', String(NOTION_LIMIT), '--latency-ms', String(LATENCY_MS)];
  const remembered = await readFile(portFile, 'utf8').catch(() => '0');
  const simulator = await startSimulatorProcess([...options, '--port', remembered]).catch(() =>
    startSimulatorProcess(options),
  );
  await writeFile(portFile, String(simulator.port));
  return simulator;
}

/** The variables of a stage: its home, its catalog and the simulated platforms at `origin`, and no other servers. */
export function stageEnvironment(
  { io, output }: CommandContext,
  home: string,
  origin: string,
): Environment {
  const { env, cwd } = io;
  const { program } = output;
  const kept = Object.entries(env).filter(
    ([name]) => !/^(DATABASE_URL$|TEMPORAL_(?!CLI_PATH))/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    // Commands that hints name are about the stage's stack.
    APPSYNC_PROGRAM: `APPSYNC_HOME=${relative(cwd, home) || home} ${program}`,
    APPSYNC_HOME: home,
    APPSYNC_CATALOG: join(home, 'appsync.yaml'),
    NOTION_TOKEN,
    NOTION_BASE_URL: origin,
    AIRTABLE_TOKEN,
    AIRTABLE_ENDPOINT_URL: origin,
  };
}
