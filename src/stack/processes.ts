import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { AppsyncError, EXIT, reasonOf } from '../errors.ts';
import { waitUntil } from './wait.ts';

/** Where the start time (ticks since boot) stands in /proc/PID/stat after the name. */
const START_TIME = 19;

/**
 * Pids are reused, so a remembered pid alone proves nothing. Every process of a stack has an argument
 * that begins with its mark, which names the home; a pid counts as ours only while the mark is there.
 * Zombies have an empty command line, so they count as ended even where nobody reaps them.
 */
export function isOurs(pid: number, mark: string): boolean {
  return hasMark(commandLine(pid), mark);
}

/** All processes with the mark, this one excepted, with their arguments. */
export function findMarked(mark: string): { pid: number; commandLine: string }[] {
  const all = process.platform === 'linux' ? linuxCommandLines() : psCommandLines();
  return [...all]
    .filter(([pid, line]) => pid !== process.pid && hasMark(line, mark))
    .map(([pid, line]) => ({ pid, commandLine: line }));
}

/**
 * A pid with its process's start time: the same text again only for the same process. Null when there
 * is no such process.
 */
export function identityOf(pid: number): string | null {
  if (process.platform !== 'linux') {
    const started = ps(['-p', String(pid), '-o', 'lstart=']).trim();
    return started === '' ? null : `${pid} ${started}`;
  }
  try {
    // Fields after the program's name, which is in parentheses and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${pid} ${fields[START_TIME]}`;
  } catch {
    return null;
  }
}

/** Sends a signal; false when the process is already gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw new AppsyncError(EXIT.unreachable, `may not send ${name} to process ${pid}`, {
      reason: reasonOf(error),
      hint: 'run the command as the user that started the local stack',
      cause: error,
    });
  }
}

/** Asks a process to end, waits, then kills it. A pid that is not ours (any more) is left alone. */
export async function endProcess(
  pid: number,
  mark: string,
  first: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const gone = () => !isOurs(pid, mark);
  if (gone()) return;
  signal(pid, first);
  if (await waitUntil(gone, graceMs)) return;
  signal(pid, 'SIGKILL');
  await waitUntil(gone, 5_000);
}

/** Ends every process with the mark; see endProcess. */
export async function endMarked(
  mark: string,
  first: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  await Promise.all(findMarked(mark).map(({ pid }) => endProcess(pid, mark, first, graceMs)));
}

/** Our own programs have their mark as an argument of its own. A home may lie in another one: the demo's does. */
const isWholeArgument = (mark: string) => mark.startsWith('--appsync-');

// Arguments are separated by NUL on Linux and by spaces in the output of ps.
const hasMark = (line: string, mark: string) =>
  `${line} `.includes(isWholeArgument(mark) ? ` ${mark} ` : ` ${mark}`);

function commandLine(pid: number): string {
  if (process.platform !== 'linux') return ps(['-p', String(pid), '-o', 'args=']).trim();
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function* linuxCommandLines(): Generator<[number, string]> {
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (Number.isInteger(pid)) yield [pid, commandLine(pid)];
  }
}

function* psCommandLines(): Generator<[number, string]> {
  for (const line of ps(['-axo', 'pid=,stat=,args=']).split('\n')) {
    const [, pid, stat, args] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid !== undefined && args !== undefined && stat?.startsWith('Z') === false) {
      yield [Number(pid), args];
    }
  }
}

function ps(args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
