import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { AppsyncError, EXIT } from '../errors.ts';
import { letOthersPass } from './private-files.ts';

/** Whom Postgres runs as; `null` ids mean the user that we are. */
export interface PostgresAccount {
  readonly uid: number | null;
  readonly gid: number | null;
  /** Program and arguments to put before the command (setpriv), mostly none. */
  readonly prefix: readonly string[];
}

const OURSELVES: PostgresAccount = { uid: null, gid: null, prefix: [] };
const LINUX_CAPABILITIES = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
] as const;

/**
 * Postgres refuses to run as root, so root runs it as somebody else: the owner of the data that is
 * there, `postgres`, or `nobody`. That user may be unable to reach a directory below a private home
 * (/root is 0700): then setpriv leaves it the one capability to pass through directories, rather than
 * us opening anybody's home. Where that is forbidden, `ourDirectory` is opened for passing (0711) if it
 * alone is in the way.
 */
export function choosePostgresAccount(
  dataOwner: number | null,
  mustReach: readonly string[],
  ourDirectory: string,
): PostgresAccount {
  if (process.getuid?.() !== 0) return OURSELVES;
  const { uid, gid } = accountFor(dataOwner);
  const blocking = mustReach.flatMap((directory) => directoriesClosedTo(uid, gid, directory));
  if (blocking.length === 0) return { uid, gid, prefix: [] };
  const capability = usableCapability(uid, gid, blocking);
  if (capability === null) {
    const [other] = blocking.filter((directory) => directory !== ourDirectory);
    if (other !== undefined) throw unreachableDirectory(other);
    letOthersPass(ourDirectory);
    return { uid, gid, prefix: [] };
  }
  // setpriv itself changes the user, so the process starts as root.
  return { uid: null, gid: null, prefix: setpriv(uid, gid, capability) };
}

/** The ids that own files which Postgres must write, whichever way it is started. */
export function ownerIds(account: PostgresAccount): { uid: number; gid: number } | null {
  if (account.prefix.length > 0) {
    const id = (name: string) =>
      Number(account.prefix.find((arg) => arg.startsWith(name))?.slice(name.length));
    return { uid: id('--reuid='), gid: id('--regid=') };
  }
  return account.uid === null || account.gid === null
    ? null
    : { uid: account.uid, gid: account.gid };
}

function accountFor(dataOwner: number | null): { uid: number; gid: number } {
  const names = dataOwner === null || dataOwner === 0 ? [] : [String(dataOwner)];
  for (const name of [...names, 'postgres', 'nobody']) {
    const uid = lookUp('-u', name);
    const gid = lookUp('-g', name);
    if (uid !== null && gid !== null && uid !== 0) return { uid, gid };
  }
  throw new AppsyncError(
    EXIT.unreachable,
    'Postgres cannot run as root and there is no other user',
    {
      hint: 'create one (useradd --system postgres), run as another user, or set DATABASE_URL',
    },
  );
}

function lookUp(flag: '-u' | '-g', name: string): number | null {
  try {
    const id = Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    // Nobody is -2 on macOS; system calls take it as an unsigned number.
    return Number.isInteger(id) ? id >>> 0 : null;
  } catch {
    return null;
  }
}

/** The directories on the way to one that the user may not enter. Those that do not exist yet are ours. */
function directoriesClosedTo(uid: number, gid: number, directory: string): string[] {
  const stats = statSync(directory, { throwIfNoEntry: false });
  const closed = stats !== undefined && !mayEnter(stats, uid, gid) ? [directory] : [];
  const parent = dirname(directory);
  return parent === directory ? closed : [...closed, ...directoriesClosedTo(uid, gid, parent)];
}

function mayEnter(stats: Stats, uid: number, gid: number): boolean {
  if (stats.uid === uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}

const setpriv = (uid: number, gid: number, capability: string): [string, ...string[]] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--clear-groups',
  // Without it access(2), with which initdb looks for its programs, would ignore the capability.
  '--securebits=+no_setuid_fixup',
  `--inh-caps=+${capability}`,
  `--ambient-caps=+${capability}`,
  '--',
];

/** A capability that we hold, that setpriv can hand over (a container may forbid it), and that helps. */
function usableCapability(uid: number, gid: number, blocking: readonly string[]): string | null {
  if (process.platform !== 'linux') return null;
  const status = readFileSync('/proc/self/status', 'utf8');
  const held = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`);
  for (const { name, bit } of LINUX_CAPABILITIES) {
    if ((held & (1n << bit)) === 0n) continue;
    const [file, ...args] = setpriv(uid, gid, name);
    const check = [...args, 'test', '-x', blocking[0] ?? '/'];
    if (spawnSync(file, check, { stdio: 'ignore' }).status === 0) return name;
  }
  return null;
}

const unreachableDirectory = (directory: string) =>
  new AppsyncError(
    EXIT.unreachable,
    `Postgres cannot run as root, and another user cannot reach ${directory}`,
    {
      hint: 'run as another user, set DATABASE_URL, or put the checkout and APPSYNC_HOME where every user may enter (for example /opt and /var/lib/appsync)',
    },
  );
