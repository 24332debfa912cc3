import { describe, expect, test } from '@jest/globals';
import { ServiceError } from '@temporalio/client';
import { printFailure, reportFailure } from '../../src/cli/failure-report.ts';
import { createOutput } from '../../src/cli/output.ts';
import { SyncFailure, configurationError, unreachableError } from '../../src/errors.ts';
import { run, testIo } from './fake-io.ts';

describe('usage errors', () => {
  test.each([
    ['all --poolsize 5', "unknown option '--poolsize'", 'did you mean --pool-size?'],
    ['all --app', "option '--app <name>' argument missing", 'appsync help'],
    ['all --preset slow', 'Allowed choices are safe, fast', 'appsync help'],
    ['all --pool-size 0', '--pool-size must be a whole number from 1 to 100', 'appsync help sync'],
    ['all notion', 'too many arguments', 'appsync help'],
    ['runs lst', "unknown command 'lst'", 'did you mean list?'],
    ['sync-ap skyflow', 'unknown shortcut sync-ap', 'did you mean appsync sync-app'],
    ['sync-app', 'sync-app needs A', 'appsync sync-app skyflow'],
    ['help exit-code', 'no help on "exit-code"', 'did you mean appsync help exit-codes?'],
    ['init --platform notoin --yes', 'unknown platform "notoin"', 'did you mean notion?'],
    ['stauts', 'unknown target "stauts"', 'did you mean appsync stats or appsync status?'],
    ['skyflow', 'unknown target "skyflow": no source is set up yet', 'appsync init'],
  ])('%s', async (line, message, hint) => {
    const { exitCode, stdout, stderr } = await run(line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error: `);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`hint: ${hint}`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('are one JSON document on stdout with --json', async () => {
    const { exitCode, stdout, stderr } = await run('all --poolsize 5 --json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        type: 'Usage',
        message: "unknown option '--poolsize'",
        hint: 'did you mean --pool-size?',
      },
    });
  });

  test('show commands as the person types them', async () => {
    const { stderr } = await run('sync-app', { env: { APPSYNC_PROGRAM: './dj.sh' } });
    expect(stderr).toContain('hint: ./dj.sh sync-app skyflow');
  });
});

describe('before anything is started', () => {
  test('nothing set up: exit 4 and how to begin', async () => {
    const { exitCode, stderr } = await run('all');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('hint: appsync init');
  });

  test('a bare sync says which target it takes', async () => {
    const { stderr } = await run('sync', { env: { APPSYNC_TARGET: 'airtable' } });
    expect(stderr).toContain('syncing airtable; appsync sync-all takes every platform');
  });

  test('init without a token names the variables of every platform', async () => {
    const { exitCode, stderr } = await run('init --yes');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('NOTION_TOKEN');
    expect(stderr).toContain('AIRTABLE_TOKEN');
  });

  test('init that nobody can answer names the flag', async () => {
    const { exitCode, stderr } = await run('init', { env: { NOTION_TOKEN: 'secret' } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('appsync init --yes');
    expect(stderr).not.toContain('secret');
  });

  test('sources apply without a file', async () => {
    const { exitCode, stdout } = await run('sources apply --json');
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { type: 'Configuration', hint: 'appsync init' },
    });
  });
});

describe('reports', () => {
  const grpc = (code: number) =>
    new ServiceError('describe', { cause: Object.assign(new Error('no'), { code }) });
  test.each<[string, number, string, unknown]>([
    ['a refused token', 4, 'Unauthorized', new SyncFailure('Unauthorized', 'not valid')],
    ['a platform that is down', 1, 'Unavailable', new SyncFailure('Unavailable', 'HTTP 503')],
    ['a broken file', 4, 'Configuration', configurationError('bad file')],
    ['an absent server', 5, 'Unreachable', unreachableError('no answer', 'x', new Error('no'))],
    ['a lost socket', 5, 'Unreachable', Object.assign(new Error('no'), { code: 'ECONNREFUSED' })],
    ['an absent Temporal', 5, 'Unreachable', grpc(14)],
    ['a Temporal that refuses', 4, 'Configuration', grpc(7)],
    ['a mistake of ours', 1, 'Internal', new TypeError('x is not a function')],
    ['thrown text', 1, 'Internal', 'text'],
  ])('%s', (_name, exitCode, type, thrown) => {
    expect(reportFailure(thrown)).toMatchObject({ exitCode, type });
  });

  test('a stack is shown only when asked for', () => {
    for (const debug of [false, true]) {
      const io = testIo();
      printFailure(new TypeError('broken'), createOutput(io, false), debug);
      expect(/^\s+at /m.test(io.err())).toBe(debug);
      expect(io.err()).toContain('error: broken');
    }
  });

  test('the cause stands on its own line', () => {
    const io = testIo();
    const error = unreachableError(
      'Postgres does not answer',
      'appsync status',
      new Error('refused'),
    );
    expect(printFailure(error, createOutput(io, false), false)).toBe(5);
    expect(io.err()).toBe(
      'error: Postgres does not answer\ncause: refused\nhint: appsync status\n',
    );
  });
});
