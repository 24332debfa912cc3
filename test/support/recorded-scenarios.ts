import { cancelRun } from '../../src/client/run-control.ts';
import { reconcileWorkflowId } from '../../src/contract/names.ts';
import type { SyncOptions } from '../../src/contract/options.ts';
import { simpleWorld, type WorldSpec } from '../../src/sim/simulator.ts';
import type { StartedRun, TestInstallation } from './installation.ts';
import { reconcile } from './reconcile.ts';
import { steeringOf } from './steering.ts';
import { until } from './until.ts';

/** In a record of every scenario, to find out whether contents of records get into a history. */
export const PLANTED = 'sentinel-5b1e-planted-in-a-record';

/** Workflow ids of runs, by the name of the folder that their histories go to. */
type Recorded = Readonly<Record<string, string>>;

export interface Scenario {
  readonly world: WorldSpec;
  readonly play: (installation: TestInstallation) => Promise<Recorded>;
}

const few = (records: number) =>
  simpleWorld({ notion: { Tasks: records }, airtable: { Orders: records } });

const ALL = { kind: 'all' } as const;
const FULL = { incremental: false } as const;

/** Plays a run to its end. */
async function played(
  installation: TestInstallation,
  status: string,
  options: Partial<SyncOptions> = {},
): Promise<string> {
  return endedAs(await installation.start(ALL, options), status);
}

/** A scenario that went otherwise would be recorded under a wrong name. */
async function endedAs(run: StartedRun, status: string): Promise<string> {
  const summary = await run.finished();
  if (summary.status !== status) throw new Error(`${summary.status} instead of ${status}`);
  return run.workflowId;
}

/** Starts a run whose requests take a while, and waits until all its sources are under way. */
async function underWay(installation: TestInstallation, aliases: readonly string[]) {
  const steering = steeringOf(installation);
  steering.setLatency(100);
  const run = await installation.start(ALL, { ...FULL, batch_size: 20 });
  for (const alias of aliases) await until(async () => (await steering.readOf(run, alias)) > 0);
  return { run, steering };
}

/** Both platforms, with values that lists cut, contents and records that are gone. */
const ends: Scenario = {
  world: {
    ...few(40),
    notion: {
      databases: [
        {
          title: 'Tasks',
          sources: [
            {
              title: 'Tasks',
              records: 40,
              properties: [
                { name: 'Name', type: 'title' },
                { name: 'Related', type: 'relation' },
              ],
            },
          ],
        },
      ],
    },
  },
  play: async (installation) => {
    await installation.catalog(({ sources }) => {
      for (const source of sources) if (source.alias === 'tasks') source['content'] = 'markdown';
    });
    const finished = await played(installation, 'complete', { batch_size: 20 });
    const { world } = installation.simulator;
    for (const title of ['Tasks', 'Orders']) world.deleteRecord(title, world.ids(title)[3] ?? '');
    return {
      finished,
      'finished-incremental': await played(installation, 'complete'),
      'finished-with-deletions': await played(installation, 'complete', FULL),
      'finished-at-once': await played(installation, 'complete', { ...FULL, streaming: false }),
    };
  },
};

/** A source that is opened and closed by one activity beside one whose first batch comes with its opening. */
const unchanged: Scenario = {
  world: simpleWorld({ notion: { Tasks: 40, Quiet: 20 }, airtable: { Orders: 40 } }),
  play: async (installation) => {
    await played(installation, 'complete');
    return { unchanged: await played(installation, 'complete') };
  },
};

const paused: Scenario = {
  world: few(200),
  play: async (installation) => {
    const { run, steering } = await underWay(installation, ['tasks', 'orders']);
    await steering.control(run, { action: 'pause', sources: [] });
    for (const alias of ['tasks', 'orders']) await until(() => steering.isStandingStill(alias));
    await steering.control(run, { action: 'set', settings: { batch_size: 50 } });
    steering.setLatency(0);
    await steering.control(run, { action: 'resume', sources: [] });
    return { 'paused-and-resumed': await endedAs(run, 'complete') };
  },
};

const cancelled: Scenario = {
  world: few(200),
  play: async (installation) => {
    const { run } = await underWay(installation, ['tasks', 'orders']);
    await cancelRun(installation.temporal, run.workflowId);
    return { cancelled: await endedAs(run, 'cancelled') };
  },
};

/** Longer than an attempt waits by itself, so that Temporal waits. */
const RETRY_AFTER_S = 62;
/** Longer than a source waits for at all. */
const BLOCKED_S = 900;

const rateLimited: Scenario = {
  world: few(40),
  play: async (installation) => {
    const { faults } = installation.simulator;
    const refuse = (retryAfter: number) =>
      faults.add({
        platform: 'notion',
        path: '/query',
        effect: { kind: 'named', name: 'notion rate limited', retryAfter },
      });
    refuse(RETRY_AFTER_S);
    const limited = await played(installation, 'complete');
    refuse(BLOCKED_S);
    return { 'rate-limited': limited, blocked: await played(installation, 'partial', FULL) };
  },
};

const continued: Scenario = {
  world: few(300),
  play: async (installation) => ({
    'continued-as-new': await played(installation, 'complete', { batch_size: 10 }),
  }),
};

const partlyFailed: Scenario = {
  world: few(30),
  play: async (installation) => {
    await installation.catalog(({ sources }) => {
      const ref = { data_source: '00000000-0000-4000-8000-0000000000ff' };
      sources.push({ alias: 'gone', account: 'notion', ref });
    });
    return { 'partly-failed': await played(installation, 'partial') };
  },
};

const reconciled: Scenario = {
  world: few(40),
  play: async (installation) => {
    await played(installation, 'complete');
    await installation.database.pool.query(
      `update notion.tasks set _hash = 'another' where _id in (select _id from notion.tasks limit 3)`,
    );
    const { result } = await reconcile(installation, 'all --full');
    return { reconciled: reconcileWorkflowId(installation.id, result.run_id) };
  },
};

export const SCENARIOS: readonly Scenario[] = [
  ends,
  unchanged,
  paused,
  cancelled,
  rateLimited,
  continued,
  partlyFailed,
  reconciled,
];
