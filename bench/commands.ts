import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startInstallation, type BenchInstallation } from './commands-installation.ts';
import { commandLines, type MeasuredLine } from './commands-measured.ts';

/*
 * How long every command takes, as a whole process, against a stack that is up:
 *
 *   npm run bench:commands
 *   npm run bench:commands -- --sources 8 --only sync-list --show
 *   npm run bench:commands -- --directory /tmp/bench     keep the installations and use them again
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const LAUNCHER = join(ROOT, 'dj.sh');

const { values } = parseArgs({
  options: {
    sources: { type: 'string', default: '0,8,2000' },
    repeat: { type: 'string', default: '5' },
    /** Command lines that contain this text. */
    only: { type: 'string', default: '' },
    /** Print what each command says. */
    show: { type: 'boolean', default: false },
    directory: { type: 'string' },
  },
});

interface Measured {
  readonly name: string;
  readonly times: readonly number[];
  readonly cpuTimes: readonly number[];
  readonly exitCodes: readonly (number | null)[];
  readonly limitMs: number;
  readonly lines: number;
}

async function measure(
  installation: BenchInstallation,
  { name, args, launcher, limitMs }: MeasuredLine,
  repeat: number,
): Promise<Measured> {
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const exitCodes = new Set<number | null>();
  let lines = 0;
  for (let i = 0; i < repeat; i += 1) {
    const [program, first] =
      launcher === true ? ([LAUNCHER, []] as const) : ([process.execPath, [MAIN]] as const);
    const end = await installation.run(program, [...first, ...args]);
    const { exitCode, stdout, stderr } = end;
    times.push(end.ms);
    cpuTimes.push(end.cpuMs);
    exitCodes.add(exitCode);
    lines = stdout.split('\n').length - 1;
    if (values.show && i === 0) process.stdout.write(`\n$ ${name}\n${stdout}${stderr}`);
  }
  return { name, times, cpuTimes, exitCodes: [...exitCodes], limitMs, lines };
}

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

function print(sources: number, measured: readonly Measured[]): void {
  const row = (...cells: readonly (string | number)[]) =>
    `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(48) : String(cell).padStart(8))).join('')}\n`;
  process.stdout.write(row(`${sources} sources`, 'median', 'worst', 'cpu', 'exit', 'lines'));
  for (const { name, times, cpuTimes, exitCodes, limitMs, lines } of measured) {
    const worst = Math.max(...times);
    const late = worst > limitMs ? `  over ${limitMs} ms` : '';
    const cells = [median(times).toFixed(0), worst.toFixed(0), median(cpuTimes).toFixed(0)];
    process.stdout.write(row(name, ...cells, exitCodes.join(','), lines).trimEnd() + `${late}\n`);
  }
}

async function main(): Promise<void> {
  const directory = values.directory ?? (await mkdtemp(join(tmpdir(), 'appsync-bench-')));
  try {
    for (const sources of values.sources.split(',').map(Number)) {
      const installation = await startInstallation(join(directory, String(sources)), sources);
      try {
        const measured: Measured[] = [];
        for (const line of commandLines(sources)) {
          if (!line.name.includes(values.only)) continue;
          measured.push(await measure(installation, line, Number(values.repeat)));
        }
        print(sources, measured);
      } finally {
        await installation.close();
      }
    }
  } finally {
    if (values.directory === undefined) await rm(directory, { recursive: true });
  }
}

await main();
