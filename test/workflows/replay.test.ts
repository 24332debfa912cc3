import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { AIRTABLE_TOKEN, NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { version } from '../../src/version.ts';
import {
  HISTORIES,
  attributesOf,
  readHistories,
  readableText,
  type HistoryFile,
} from '../support/history-files.ts';
import { PLANTED } from '../support/recorded-scenarios.ts';
import { testTemporal } from '../support/temporal.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'off' } },
});

const MAX_BYTES = 300_000;
const histories = readHistories();

/** `file: error` of each history that the workflow code of now does not follow. Needs no server. */
async function divergences(files: readonly HistoryFile[]): Promise<readonly string[]> {
  const names = new Map<string, string>();
  const given = files.map(({ name, events }) => {
    const started = attributesOf(events[0] as HistoryFile['events'][number]);
    names.set(String(started['originalExecutionRunId']), name);
    return { workflowId: String(started['workflowId']), history: { events } };
  });
  const diverged: string[] = [];
  const workflowBundle = { codePath: testTemporal().bundlePath };
  const replays = Worker.runReplayHistories({ workflowBundle }, given);
  const replayed = new Set<string>();
  for await (const { runId, error } of replays) {
    const name = names.get(runId) ?? runId;
    replayed.add(name);
    if (error !== undefined) diverged.push(`${name}: ${error.name}: ${error.message}`);
  }
  // What was never replayed proves nothing.
  const left = [...names.values()].filter((name) => !replayed.has(name));
  return [...diverged, ...left.map((name) => `${name}: not replayed`)];
}

const find = (name: string): HistoryFile => {
  const found = histories.find((history) => history.name === name);
  if (found === undefined) throw new Error(`no history ${name}`);
  return found;
};

describe('the workflow code of now', () => {
  it('follows every recorded history', async () => {
    expect(histories.length).toBeGreaterThan(30);
    expect(await divergences(histories)).toEqual([]);
  });

  it('is said not to follow a history that differs in one event, by the name of its file', async () => {
    const { name, events } = find(`${version()}/finished/syncSource-tasks.json`);
    const text = JSON.stringify(events);
    const altered = text.replace('"name":"sweepDeleted"', '"name":"sweepAway"');
    expect(altered).not.toBe(text);
    const history = { name, events: JSON.parse(altered) as HistoryFile['events'] };
    const [error, ...others] = await divergences([
      history,
      find(`${version()}/cancelled/syncRun.json`),
    ]);
    expect(error).toContain(`${name}: DeterminismViolationError`);
    expect(others).toEqual([]);
  });
});

const types = (name: string) => find(name).events.map(({ eventType }) => eventType);
const activitiesOf = (name: string) =>
  find(name).events.flatMap((event) => {
    const { activityType } = attributesOf(event) as { activityType?: { name: string } };
    return activityType === undefined ? [] : [activityType.name];
  });

describe('the recorded histories', () => {
  const of = (path: string) => `${version()}/${path}.json`;

  it('hold what they are named after', () => {
    for (const platform of ['syncPlatform-notion', 'syncPlatform-airtable']) {
      expect(types(of(`finished/${platform}`))).toContain(
        'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED',
      );
    }
    expect(activitiesOf(of('finished/syncSource-tasks'))).toEqual(
      expect.arrayContaining(['completeRecords', 'sweepDeleted', 'readContents', 'closeSource']),
    );
    expect(activitiesOf(of('unchanged/syncSource-quiet'))).toEqual(['openSource']);
    expect(activitiesOf(of('unchanged/syncSource-tasks'))).toEqual(
      expect.not.arrayContaining(['fetchBatch']),
    );
    expect(types(of('paused-and-resumed/syncRun'))).toContain(
      'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED',
    );
    expect(types(of('paused-and-resumed/syncSource-tasks'))).toContain(
      'EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED',
    );
    expect(types(of('cancelled/syncRun'))).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED');
    const limited = find(of('rate-limited/syncSource-tasks')).events.map(attributesOf);
    const again = limited.find(({ attempt, lastFailure }) => attempt === 2 && lastFailure);
    expect(again?.['lastFailure']).toMatchObject({
      applicationFailureInfo: {
        type: 'RateLimited',
        nextRetryDelay: expect.stringMatching(/^6\d/),
      },
    });
    expect(types(of('continued-as-new/syncSource-tasks'))).toContain(
      'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
    );
    expect(types(of('continued-as-new/syncSource-tasks-2')).at(-1)).toMatch(/CONTINUED|COMPLETED/);
    expect(readableText(find(of('partly-failed/syncRun')))).toContain('"status\\":\\"partial\\"');
    expect(activitiesOf(of('reconciled/reconcileSource-tasks'))).toContain('compareBatch');
  });

  it('are small, and hold no content of a record, no token and no name of a machine', () => {
    for (const file of histories) {
      expect(statSync(join(HISTORIES, file.name)).size).toBeLessThan(MAX_BYTES);
      const text = readableText(file);
      for (const secret of [PLANTED, NOTION_TOKEN, AIRTABLE_TOKEN, 'file:///', '/node_modules/']) {
        expect(text).not.toContain(secret);
      }
      for (const [, identity] of text.matchAll(/"identity":"([^"]*)"/g)) {
        expect(['worker', 'history-service']).toContain(identity);
      }
    }
  });
});
