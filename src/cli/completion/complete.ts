import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, usageError, type ExitCode } from '../../errors.ts';
import { platformNames, type CommandContext } from '../command.ts';
import type { CliIo } from '../io.ts';
import { buildProgram } from '../program.ts';
import { plainText } from '../table.ts';
import { candidates } from './candidates.ts';
import { latestRuns, namesInFile } from './names.ts';
import { SHELLS, completionScript } from './scripts.ts';

/** `appsync completion SHELL`: the script. `entry`: the program's own file. */
export async function printCompletion(
  { io, output }: CommandContext,
  name: string,
  entry: string,
): Promise<ExitCode> {
  const shell = SHELLS.find((one) => one === name);
  if (shell === undefined) {
    throw usageError(
      `no completion for "${name}"`,
      `appsync completion bash; also ${SHELLS.slice(1).join(', ')}`,
    );
  }
  const platforms = await platformNames(io);
  output.print(completionScript(shell, { node: process.execPath, entry }, platforms));
  return EXIT.ok;
}

/** Answers a shell: candidates for the last word, a line each. bash gets them quoted, the others quote themselves. */
export async function answerShell(io: CliIo, argv: readonly string[]): Promise<ExitCode> {
  const [shell, platforms = '', ...raw] = argv;
  const isBash = shell === 'bash';
  const words = isBash ? raw.map(unquoted) : raw;
  const program = buildProgram(
    async () => {},
    () => {},
  );
  const found = await candidates(program, words, {
    platforms: platforms.split(','),
    find: async (kind) => {
      // Without a .env, the configuration need not be loaded, which takes long.
      const env = existsSync(join(io.cwd, '.env')) ? await io.loadEnvironment() : io.env;
      return kind === 'run' ? latestRuns(env, io.cwd) : namesInFile(env, io.cwd, kind);
    },
  });
  const typed = raw.at(-1) ?? '';
  const begun = (words.at(-1) ?? '').replace(/^=$/, '');
  for (const name of new Set(found)) {
    if (!name.startsWith(begun) || name !== plainText(name)) continue;
    io.stdout.write(`${isBash ? bashWord(name, typed) : name}\n`);
  }
  return EXIT.ok;
}

/** A word as the shell would take it, also when a quote is still open. */
function unquoted(word: string): string {
  const quote = word[0];
  if (quote === "'") return word.slice(1).replaceAll("'\\''", "'").replace(/'$/, '');
  if (quote === '"')
    return word
      .slice(1)
      .replace(/"$/, '')
      .replaceAll(/\\(["$`\\])/g, '$1');
  return word.replaceAll(/\\(.)/g, '$1');
}

/** A name so that bash takes it literally, within the quote that was begun; readline adds the closing one. */
function bashWord(name: string, typed: string): string {
  if (typed.startsWith("'")) return name.replaceAll("'", "'\\''");
  if (typed.startsWith('"')) return name.replaceAll(/["$`\\]/g, '\\$&');
  return name.replaceAll(/[^\w\-./,+@%=]/gu, '\\$&');
}
