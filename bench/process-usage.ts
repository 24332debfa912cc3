import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** What Linux tells of processes under /proc; elsewhere everything is null, and the tables say so. */

const TICKS_PER_SECOND = 100;

/** CPU seconds of a process and of those that it started, ended ones included. */
export function cpuSeconds(root: number): number | null {
  const all = processes();
  const own = all.find(({ pid }) => pid === root);
  if (own === undefined) return null;
  const family = [own];
  for (const parent of family) family.push(...all.filter(({ ppid }) => ppid === parent.pid));
  return family.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** CPU seconds of ended children of a process: of the commands that the bench ran. */
export function endedChildrenSeconds(pid: number): number | null {
  const found = processes().find((one) => one.pid === pid);
  return found === undefined ? null : found.endedTicks / TICKS_PER_SECOND;
}

/** Most memory that a process had resident since `forgetPeakMemory`, in bytes. */
export function peakMemory(pid: number): number | null {
  return memoryLine(pid, 'VmHWM');
}

export function residentMemory(pid: number): number | null {
  return memoryLine(pid, 'VmRSS');
}

export function forgetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // The peak since the process began is an upper bound, too.
  }
}

interface Process {
  readonly pid: number;
  readonly ppid: number;
  /** Its own, and those of children that it has waited for. */
  readonly ticks: number;
  readonly endedTicks: number;
}

function processes(): readonly Process[] {
  return readdirectory('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = statFields(Number(name));
        const number = (place: number) => Number(fields[place]);
        const endedTicks = number(13) + number(14);
        const ticks = number(11) + number(12) + endedTicks;
        return [{ pid: Number(name), ppid: number(1), ticks, endedTicks }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

/** The fields of /proc/PID/stat from the state on; the name before it may hold anything. */
function statFields(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readdirectory(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function memoryLine(pid: number, name: string): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
