import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { stat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ensureStack, stackStatus, stopStack, type StackSettings } from '../../src/stack/stack.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';
import { processesOf, stackSettings } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { probe } from '../support/worker-process.ts';

const WORKER = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));
const LISTEN = '0A';
const LOOPBACK = /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F)$/;

let directory: ReapedDirectory;
let settings: StackSettings;

beforeAll(async () => {
  directory = await createReapedDirectory();
  settings = await stackSettings(directory.path, { workerEntry: WORKER });
  await ensureStack(settings, () => {});
  await until(async () => {
    const { workers } = await stackStatus(settings);
    const url = workers[0]?.health_url;
    return (
      typeof url === 'string' && (await probe(`${url}/readyz`).catch(() => null))?.status === 200
    );
  }, 60);
});
afterAll(async () => {
  await stopStack(settings);
  await directory.end();
});

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** Where processes listen, as the kernel has it: hexadecimal address and port. */
function listening(pids: readonly number[]): { address: string; port: number }[] {
  const inodes = new Set(pids.flatMap(socketsOf));
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map((fields) => {
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        return { address, port: Number.parseInt(port, 16) };
      }),
  );
}

describe('a local stack with its real worker', () => {
  it('listens on 127.0.0.1 only: Postgres, Temporal, its Web UI and the worker', async () => {
    const { postgres, temporal, workers } = await stackStatus(settings);
    const found = listening(processesOf(settings.home));
    const urls = [
      postgres?.url,
      `http://${temporal?.address}`,
      temporal?.ui_url,
      workers[0]?.health_url,
    ];
    const ports = found.map(({ port }) => port);
    expect(ports).toEqual(
      expect.arrayContaining(urls.map((url) => Number(new URL(url ?? '').port))),
    );
    expect(found.filter(({ address }) => !LOOPBACK.test(address))).toEqual([]);
  });

  it('lets nobody into Postgres without the password that was made for it', async () => {
    const { postgres } = await stackStatus(settings);
    const url = new URL(postgres?.url ?? '');
    expect(url.password.length).toBeGreaterThanOrEqual(20);
    for (const password of ['', 'appsync', 'postgres']) {
      url.password = password;
      const db = openDatabase(url.href, 1);
      await expect(db.query('select 1')).rejects.toThrow(/password/i);
      await db.end();
    }
  });

  it('keeps files that only their owner may read, the running worker’s log among them', async () => {
    const names = await readdir(settings.home, { recursive: true });
    expect(names).toEqual(expect.arrayContaining(['logs/worker.log', 'state.json']));
    for (const name of ['.', ...names]) {
      const found = await stat(join(settings.home, name)).catch(() => null);
      // Postgres removes files of its own while they are looked at.
      if (found !== null) expect(`${name} ${found.mode & 0o066}`).toBe(`${name} 0`);
    }
  });

  it('ends its worker gracefully with `down`: it says so in its log', async () => {
    await stopStack(settings);
    expect(processesOf(settings.home)).toEqual([]);
    const log = readFileSync(join(settings.home, 'logs', 'worker.log'), 'utf8');
    expect(log).toContain('worker drains');
    expect(log).toContain('worker ended');
  });
});
