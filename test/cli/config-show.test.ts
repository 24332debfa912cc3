import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Setting } from '../../src/cli/config-show.ts';
import { environmentVariables } from '../../src/cli/help-topics.ts';
import { readEnvironment, type Environment } from '../../src/config.ts';
import { runCli } from '../../src/cli/main.ts';
import { testIo } from './fake-io.ts';

const SECRETS = {
  NOTION_TOKEN: 'ntn_very_secret_indeed',
  DATABASE_URL: 'postgres://me:hush-hush@db:5432/app?sslmode=require&password=hush-too',
  TEMPORAL_API_KEY: 'key-of-the-cluster',
  TEMPORAL_GRPC_META_AUTHORIZATION: 'Bearer of-the-cluster',
  APPSYNC_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  NOTION_BASE_URL: 'https://me:proxy-secret@proxy.internal/',
};

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'appsync-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** Runs the command with the `.env` of the directory under the variables given. */
async function show(env: Environment, options: readonly string[] = ['--json']) {
  const io = testIo({ env, cwd });
  const inFile = Object.entries(readEnvironment(cwd)).filter(([name]) => !(name in process.env));
  const loadEnvironment = async () => ({ ...Object.fromEntries(inFile), ...env });
  const exitCode = await runCli(['config', 'show', ...options], { ...io, loadEnvironment });
  return { exitCode, stdout: io.out(), stderr: io.err() };
}

async function settings(env: Environment): Promise<ReadonlyMap<string, Setting>> {
  const { stdout } = await show(env);
  return new Map((JSON.parse(stdout) as Setting[]).map((setting) => [setting.name, setting]));
}

describe('config show', () => {
  test('tells the origin of each value: environment, .env, appsync.yaml, default', async () => {
    writeFileSync(join(cwd, '.env'), 'APPSYNC_TARGET=skyflow\nAPPSYNC_LOG_LEVEL=warn\n');
    writeFileSync(
      join(cwd, 'appsync.yaml'),
      'accounts: [{ name: main, platform: notion, token: env:NOTION_TOKEN, rate_limit: 2 }]\n',
    );
    const found = await settings({ APPSYNC_LOG_LEVEL: 'debug' });
    const told = (name: string) => [found.get(name)?.value, found.get(name)?.origin];
    expect(told('APPSYNC_LOG_LEVEL')).toEqual(['debug', 'environment']);
    expect(told('APPSYNC_TARGET')).toEqual(['skyflow', '.env']);
    expect(told('APPSYNC_GRACE_SECONDS')).toEqual(['10', 'default']);
    expect(told('accounts.main.rate_limit')).toEqual(['2', 'appsync.yaml']);
    expect(told('accounts.main.token')).toEqual(['env:NOTION_TOKEN, not set', 'appsync.yaml']);
    expect(told('DATABASE_URL')).toEqual([null, 'default']);
  });

  test('shows no secret, whichever variable holds it and in whichever form', async () => {
    for (const options of [['--json'], []]) {
      const { stdout, stderr } = await show(SECRETS, options);
      const hidden = [
        'ntn_very',
        'hush',
        'of-the-cluster',
        'key-of',
        SECRETS.APPSYNC_ENCRYPTION_KEY,
        'proxy-secret',
      ];
      for (const secret of hidden) expect(stdout + stderr).not.toContain(secret);
    }
    const found = await settings(SECRETS);
    expect(found.get('NOTION_TOKEN')?.value).toBe('set (22 characters)');
    expect(found.get('DATABASE_URL')?.value).toBe('postgres://db:5432/app?sslmode=require');
    const { stdout } = await show({ DATABASE_URL: 'me:hush-hush@db/app' });
    expect(stdout).not.toContain('hush');
  });

  test('has every variable that help environment names', async () => {
    const found = await settings({});
    const names = (await environmentVariables()).flatMap(([term]) => term.split(/ or |, /));
    for (const name of names.filter((one) => !one.includes('*'))) {
      expect([...found.keys()]).toContain(name);
    }
  });

  test('works with a configuration that is wrong, and says what is', async () => {
    const { exitCode, stdout, stderr } = await show({ APPSYNC_GRACE_SECONDS: 'long' }, []);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('APPSYNC_GRACE_SECONDS\tlong\tenvironment');
    expect(stderr).toContain('APPSYNC_GRACE_SECONDS must be a whole number of seconds');
  });
});
