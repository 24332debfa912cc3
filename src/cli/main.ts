#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { EXIT, usageError, type AppsyncError, type ExitCode } from '../errors.ts';
import { resolveArguments } from './arguments.ts';
import { platformNames, type CommandWork } from './command.ts';
import { keepCompiled } from './compile-cache.ts';
import { printFailure } from './failure-report.ts';
import { ASKS_FOR_CANDIDATES } from './completion/scripts.ts';
import type { CliIo } from './io.ts';
import { createOutput } from './output.ts';
import { helpAsTyped } from './program-name.ts';
import { buildProgram } from './program.ts';

/** Runs one command line and returns its exit code; never throws. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const output = createOutput(io, asksForJson(argv));
  const context = { io, output };
  let exitCode: ExitCode = EXIT.ok;
  const run = async (work: CommandWork) => {
    exitCode = await work(context);
  };
  const program = buildProgram(run, (text) => io.stdout.write(helpAsTyped(text, output.program)));
  try {
    const commands = new Set(program.commands.map((command) => command.name()));
    const explicit = await resolveArguments(argv, {
      commands,
      platformNames: () => platformNames(io),
    });
    if (explicit.includes('--version') || explicit[0] === '-V') {
      output.print((await import('../version.ts')).version());
      return EXIT.ok;
    }
    await program.parseAsync(explicit, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return EXIT.ok;
    const debug = (io.env['APPSYNC_DEBUG'] ?? '0') !== '0';
    return printFailure(error instanceof CommanderError ? asUsage(error) : error, output, debug);
  }
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

const isHelp = (error: CommanderError) =>
  error.code === 'commander.helpDisplayed' || error.code === 'commander.help';

/** `error: unknown option '--pol'\n(Did you mean --pool-size?)` as an error of ours. */
function asUsage(error: CommanderError): AppsyncError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?');
  return usageError(message, hint ?? 'appsync help');
}

function isEntry(): boolean {
  const script = process.argv[1];
  if (script === undefined) return false;
  try {
    return realpathSync(script) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

/** Not awaited at the top level: the demo imports this module again while a command of it runs. */
async function start(): Promise<void> {
  const { drainStreams, processIo } = await import('./process-io.ts');
  const io = processIo();
  keepCompiled(io);
  const argv = process.argv.slice(2);
  const exitCode =
    argv[0] === ASKS_FOR_CANDIDATES
      ? await (await import('./completion/complete.ts')).answerShell(io, argv.slice(1))
      : await runCli(argv, io);
  await drainStreams();
  process.exit(exitCode);
}

if (isEntry()) void start();
