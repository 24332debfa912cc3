import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Config } from '../config.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { ensureStack, stackStatus, stopStack, type StackStatus } from '../stack/stack.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { openSession, reportSteps } from './session.ts';
import { quotedWord } from './shell-word.ts';
import { stackSettings } from './stack-settings.ts';
import type { Output } from './output.ts';
import { formatRelative } from '../units.ts';

/** `appsync up` */
export async function startStack(context: CommandContext): Promise<ExitCode> {
  const config = await loadConfig(context);
  const session = await openSession(context, config, { worker: true });
  await session.close();
  return showStatus(context);
}

/** `appsync down` */
export async function stopLocalStack(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  const settings = await stackSettings(context, config, { worker: false });
  const { postgres, temporal, workers } = await stackStatus(settings);
  await stopStack(settings);
  if (postgres === null && temporal === null && workers.length === 0) {
    if (output.json) output.document({ stopped: false, home: config.home });
    output.note(`nothing ran in ${config.home}`);
    return EXIT.ok;
  }
  if (output.json) output.document({ stopped: true, home: config.home });
  output.note(
    `stopped; the data stays in ${config.home}, and ${output.program} up starts it again`,
  );
  return EXIT.ok;
}

/** `appsync status` */
export async function showStatus(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const config = await loadConfig(context);
  const status = await stackStatus(await stackSettings(context, config, { worker: false }));
  if (output.json) output.document(status);
  else for (const line of statusLines(status, config, output, io.now())) output.print(line);
  return EXIT.ok;
}

function statusLines(
  { postgres, temporal, workers }: StackStatus,
  { databaseUrl, temporalAddress }: Config,
  { paint }: Output,
  now: number,
): readonly string[] {
  const down = paint.yellow('not running');
  const local = (address: string, pid: number) => `${address}  ${paint.dim(`pid ${pid}`)}`;
  const remote = (address: string, variable: string) => `${address}  ${paint.dim(variable)}`;
  const database = postgres === null ? down : local(withoutPassword(postgres.url), postgres.pid);
  const server = temporal === null ? down : local(temporal.address, temporal.pid);
  return [
    `postgres  ${databaseUrl === undefined ? database : remote(withoutPassword(databaseUrl), 'DATABASE_URL')}`,
    `temporal  ${temporalAddress === undefined ? server : remote(temporalAddress, 'TEMPORAL_ADDRESS')}`,
    ...(temporal?.ui_url ? [`web ui    ${temporal.ui_url}`] : []),
    ...(workers.length === 0 ? [`worker    ${down}`] : []),
    ...workers.flatMap(({ pid, started_at, health_url }) => [
      `worker    ${local(`started ${formatRelative(started_at, now)}`, pid)}`,
      ...(health_url === null ? [] : [`health    ${health_url}/readyz, /healthz, /metrics`]),
    ]),
  ];
}

/** A connection string for people to see: user and password are not for the screen. */
export const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

/** `appsync env`: lines for `eval`. */
export async function printEnvironment(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  const settings = await stackSettings(context, config, { worker: false });
  const stack = await ensureStack(settings, reportSteps(context, false));
  const variables = {
    DATABASE_URL: stack.databaseUrl,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_UI_URL: config.temporalUiUrl ?? stack.temporalUiUrl,
  };
  for (const [name, value] of Object.entries(variables)) {
    if (value !== null && value !== undefined) output.print(`export ${name}=${quotedWord(value)}`);
  }
  return EXIT.ok;
}

/** `appsync worker`: a worker in the foreground, in a process of its own, until Ctrl-C. */
export async function runWorker(context: CommandContext): Promise<ExitCode> {
  const config = await loadConfig(context);
  const settings = await stackSettings(context, config, { worker: false });
  const stack = await ensureStack(settings, reportSteps(context, false));
  const child = spawn(process.execPath, [settings.workerEntry], {
    env: {
      ...config.env,
      DATABASE_URL: stack.databaseUrl,
      TEMPORAL_ADDRESS: stack.temporalAddress,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    // Out of the terminal's process group: one Ctrl-C must be one signal, as a second one ends it hard.
    detached: true,
  });
  const unsubscribe = context.io.onInterrupt(() => child.kill('SIGTERM'));
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return exitCodeOf(code);
  } finally {
    unsubscribe();
  }
}

/** The worker's own: 4 and 5 say what to correct, and its log line says how. */
const exitCodeOf = (code: number | null): ExitCode =>
  Object.values(EXIT).find((known) => known === code) ?? EXIT.failed;
