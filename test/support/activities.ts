import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { platformFinder } from '../../src/activities/find-platform.ts';
import { createActivities } from '../../src/activities/index.ts';
import { ensureInstallation } from '../../src/catalog/installation.ts';
import { readSecret, type Environment } from '../../src/config.ts';
import type { OpenedWithBatch, SyncActivities, SourceKey } from '../../src/contract/activities.ts';
import { createLog } from '../../src/log.ts';
import { createRateBudget } from '../../src/platforms/rate-limit.ts';
import { AIRTABLE_TOKEN, NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { insertRun } from '../../src/store/runs.ts';
import { DEFAULT_OPTIONS } from '../../src/contract/options.ts';
import type { TestInstallation } from './installation.ts';

type Name = keyof SyncActivities;
type Input<N extends Name> = Parameters<SyncActivities[N]>[0];
type Answer<N extends Name> = Awaited<ReturnType<SyncActivities[N]>>;

export interface ActivityRunner {
  /** One attempt of an activity, as the given workflow execution's; `beats` hears its heartbeats. */
  readonly run: <N extends Name>(
    name: N,
    input: Input<N>,
    beats?: () => void,
  ) => Promise<Answer<N>>;
  /** Opens a source that has something to do. */
  readonly openSource: (input: Input<'openSource'>) => Promise<OpenedWithBatch>;
}

/** Runs activities of an installation one by one, without a workflow, so that attempts, which have numbers, can overlap. */
export async function activityRunner(
  { database, simulator }: TestInstallation,
  execution: string,
  attempt = 1,
): Promise<ActivityRunner> {
  const env: Environment = {
    NOTION_TOKEN,
    AIRTABLE_TOKEN,
    NOTION_BASE_URL: simulator.notionUrl,
    AIRTABLE_ENDPOINT_URL: simulator.airtableUrl,
  };
  const { salt } = await ensureInstallation(database.pool);
  const activities = createActivities({
    db: database.pool,
    findPlatform: platformFinder(database.pool),
    budget: createRateBudget(database.pool),
    log: createLog('silent'),
    version: '0.0.0-test',
    readSecret: (reference) => readSecret(reference, env),
    env,
    salt,
  });
  const run: ActivityRunner['run'] = (name, input, beats) => {
    const environment = new MockActivityEnvironment(
      { attempt, workflowExecution: { workflowId: `source/${execution}`, runId: execution } },
      { logger: new DefaultLogger('ERROR') },
    );
    if (beats !== undefined) environment.on('heartbeat', beats);
    const activity = activities[name] as (given: typeof input) => Promise<Answer<typeof name>>;
    return environment.run(activity, input);
  };
  return {
    run,
    openSource: async (input) => {
      const opened = await run('openSource', input);
      if ('closed' in opened) throw new Error(`${input.alias} was closed as it was opened`);
      return opened;
    },
  };
}

/** The first source of an installation, or the one of that alias, and what openSource is asked for it in a new run. */
export async function newRun({ database }: TestInstallation, runId: string, alias?: string) {
  await insertRun(database.pool, {
    run_id: runId,
    workflow_id: `run/${runId}`,
    target: 'all',
    filters: {},
    options: DEFAULT_OPTIONS,
  });
  const { rows } = await database.pool.query<SourceKey>(
    `select id as source_id, alias from appsync.source where $1::text is null or alias = $1
      order by id limit 1`,
    [alias ?? null],
  );
  const key = rows[0] as SourceKey;
  return { ...key, run_id: runId, platform: 'notion', options: DEFAULT_OPTIONS };
}
