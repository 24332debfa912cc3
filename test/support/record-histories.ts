import { hostname } from 'node:os';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { AIRTABLE_TOKEN, NOTION_TOKEN } from '../../src/sim/simulator.ts';
import { version } from '../../src/version.ts';
import {
  HISTORIES,
  attributesOf,
  readableText,
  writeHistory,
  type HistoryEvent,
  type HistoryFile,
} from './history-files.ts';
import { startInstallation } from './installation.ts';
import { PLANTED, SCENARIOS, type Scenario } from './recorded-scenarios.ts';
import { startServers } from './servers.ts';

/** Far below the 4,096 of a server that is not told, so that a chain of runs stays small. */
const EVENTS_PER_RUN = 150;

interface Execution {
  readonly workflowId: string;
  readonly runId?: string;
}

/** A workflow execution's events and, after it, those of its children and of the runs that it continued as. */
async function* executionsOf(
  client: Client,
  { workflowId, runId }: Execution,
  part = 1,
): AsyncGenerator<{ readonly part: number; readonly events: readonly HistoryEvent[] }> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const { events } = JSON.parse(historyToJSON(history)) as HistoryFile;
  yield { part, events };
  for (const event of events) {
    const { workflowExecution, newExecutionRunId } = attributesOf(event);
    if (event.eventType === 'EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED') {
      yield* executionsOf(client, workflowExecution as Execution);
    }
    if (event.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW') {
      yield* executionsOf(client, { workflowId, runId: String(newExecutionRunId) }, part + 1);
    }
  }
}

/** `syncSource-tasks-2` for the second run of that source's workflow. */
function executionName(events: readonly HistoryEvent[], part: number): string {
  const { workflowType, workflowId } = attributesOf(events[0] as HistoryEvent) as {
    readonly workflowType: { readonly name: string };
    readonly workflowId: string;
  };
  const [kind = '', first = '', second] = workflowId.replace(/@.*/, '').split('/');
  const about = kind === 'reconcile' ? second : kind === 'run' ? undefined : first;
  return [workflowType.name, about, part === 1 ? undefined : part].filter(Boolean).join('-');
}

/** Also a part of the names of sticky queues. */
const WORKER_IDENTITY = `${process.pid}@${hostname()}`;

/** Without what names the machine, and nothing that a replay looks at. */
function withoutMachine(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const text = JSON.stringify(events, (key, value: unknown) => {
    if (key === 'stackTrace') return undefined;
    return typeof value === 'string' ? value.replaceAll(WORKER_IDENTITY, 'worker') : value;
  });
  return JSON.parse(text) as readonly HistoryEvent[];
}

function refuseSecrets(file: HistoryFile): void {
  const text = readableText(file);
  const secrets = [PLANTED, NOTION_TOKEN, AIRTABLE_TOKEN, process.cwd(), `@${hostname()}`];
  const found = secrets.find((secret) => text.includes(secret));
  if (found !== undefined) throw new Error(`${file.name} holds ${found}`);
}

async function record(scenario: Scenario, folder: string): Promise<void> {
  const installation = await startInstallation({ world: scenario.world });
  try {
    const { world } = installation.simulator;
    for (const title of ['Tasks', 'Orders']) {
      world.editRecord(title, world.ids(title)[0] ?? '', { Name: PLANTED });
    }
    const recorded = await scenario.play(installation);
    for (const [name, workflowId] of Object.entries(recorded)) {
      rmSync(join(HISTORIES, folder, name), { recursive: true, force: true });
      for await (const { part, events } of executionsOf(installation.temporal.client, {
        workflowId,
      })) {
        const path = `${folder}/${name}/${executionName(events, part)}.json`;
        const file = { name: path, events: withoutMachine(events) };
        refuseSecrets(file);
        writeHistory(file);
        process.stdout.write(`${path}: ${events.length} events\n`);
      }
    }
  } finally {
    await installation.close();
  }
}

// Run by `npm run record:histories` before a release: plays every scenario against the simulators and writes the
// histories of this version. Folders of earlier versions stay.
const { addresses, stop } = await startServers([
  `limit.historyCount.suggestContinueAsNew=${EVENTS_PER_RUN}`,
]);
process.env['APPSYNC_TEST_SERVERS'] = JSON.stringify(addresses);
let exitCode = 0;
try {
  for (const scenario of SCENARIOS) await record(scenario, version());
} catch (error) {
  exitCode = 1;
  console.error(error);
}
// The servers' reaper does not keep this process alive.
const alive = setInterval(() => {}, 1_000);
await stop();
clearInterval(alive);
process.exit(exitCode);
