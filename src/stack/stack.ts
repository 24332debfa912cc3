import { existsSync, realpathSync } from 'node:fs';
import { AppsyncError, EXIT } from '../errors.ts';
import { examineStack, troubleOfWorker } from './examine.ts';
import { isOurs } from './processes.ts';
import { openHome, stackFiles, type StackFiles } from './stack-files.ts';
import { readState, type StackState } from './state-file.ts';

/** What the local stack is started from and with. */
export interface StackSettings {
  /** APPSYNC_HOME: state, data and logs of the stack. */
  readonly home: string;
  /** A Postgres or Temporal that runs elsewhere: then none is started here. */
  readonly databaseUrl?: string | undefined;
  readonly temporalAddress?: string | undefined;
  readonly temporalCliPath?: string | undefined;
  /** Paths of the programs: dist/worker.js and dist/stack/supervisor.js. */
  readonly workerEntry: string;
  readonly supervisorEntry: string;
  /** The worker's environment; addresses are added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A running worker with another fingerprint is replaced. */
  readonly fingerprint: string;
  /** Time that the worker gives its activities when it has to end. */
  readonly graceSeconds: number;
  readonly needsWorker: boolean;
  readonly verbose: boolean;
  readonly log: (line: string) => void;
}

export interface StackAddresses {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
}

/** One line: what was done and how long it took. */
export type StackStep = string;

export interface StackStatus {
  readonly postgres: { readonly url: string; readonly pid: number } | null;
  readonly temporal: {
    readonly address: string;
    readonly ui_url: string | null;
    readonly pid: number;
  } | null;
  readonly workers: readonly {
    readonly pid: number;
    readonly started_at: string;
    /** Origin of /healthz, /readyz and /metrics. */
    readonly health_url: string | null;
  }[];
}

/**
 * Starts what is missing of the local stack and returns where its parts are. Costs a few milliseconds
 * when all of it runs; commands at the same time wait for the one that starts it. Throws AppsyncError.
 */
export async function ensureStack(
  settings: StackSettings,
  report: (step: StackStep) => void,
): Promise<StackAddresses> {
  const { databaseUrl, temporalAddress } = settings;
  if (databaseUrl !== undefined && temporalAddress !== undefined) {
    return { databaseUrl, temporalAddress, temporalUiUrl: null };
  }
  const files = openHome(settings.home);
  if ((await examineStack(files, settings)) !== 'up') {
    // Loaded when there is something to do: most commands find all of it up.
    const { repairStack } = await import('./start-and-stop.ts');
    await repairStack(settings, files, report);
  }
  const state = readState(files.state);
  if (settings.needsWorker) throwTroubleOfWorker(files, state);
  return addressesOf(settings, state);
}

function addressesOf(settings: StackSettings, { postgres, temporal }: StackState): StackAddresses {
  const databaseUrl = settings.databaseUrl ?? postgres?.url;
  const temporalAddress =
    settings.temporalAddress ?? (temporal === null ? undefined : addressOf(temporal.port));
  if (databaseUrl === undefined || temporalAddress === undefined) {
    throw new AppsyncError(EXIT.unreachable, 'the local stack stopped while it was asked for', {
      hint: 'appsync up',
    });
  }
  const ui = settings.temporalAddress === undefined ? (temporal?.ui_port ?? null) : null;
  return { databaseUrl, temporalAddress, temporalUiUrl: ui === null ? null : uiUrlOf(ui) };
}

/** Ends everything of the local stack, whoever owns it now. Data and logs stay. */
export async function stopStack(settings: Pick<StackSettings, 'home'>): Promise<void> {
  const files = existingHome(settings.home);
  if (files === null) return;
  const { endStack } = await import('./start-and-stop.ts');
  await endStack(files);
}

/** What of the local stack runs now; says through `log` when its worker keeps dying. */
export async function stackStatus(
  settings: Pick<StackSettings, 'home' | 'log'>,
): Promise<StackStatus> {
  const files = existingHome(settings.home);
  if (files === null) return { postgres: null, temporal: null, workers: [] };
  const { marks } = files;
  const state = readState(files.state);
  const { postgres, temporal, worker } = state;
  const trouble = troubleOfWorker(files, state);
  if (trouble !== null) settings.log(`${trouble.message}: ${trouble.reason ?? ''}`);
  return {
    postgres:
      postgres !== null && isOurs(postgres.pid, marks.postgres)
        ? { url: postgres.url, pid: postgres.pid }
        : null,
    temporal:
      temporal !== null && isOurs(temporal.pid, marks.temporal)
        ? {
            address: addressOf(temporal.port),
            ui_url: temporal.ui_port === null ? null : uiUrlOf(temporal.ui_port),
            pid: temporal.pid,
          }
        : null,
    workers:
      worker !== null && isOurs(worker.pid, marks.worker)
        ? [
            {
              pid: worker.pid,
              started_at: worker.started_at,
              health_url:
                worker.health_port === undefined ? null : `http://${addressOf(worker.health_port)}`,
            },
          ]
        : [],
  };
}

function throwTroubleOfWorker(files: StackFiles, state: StackState): void {
  const trouble = troubleOfWorker(files, state);
  if (trouble !== null) throw trouble;
}

const existingHome = (home: string): StackFiles | null =>
  existsSync(home) ? stackFiles(realpathSync(home)) : null;
const addressOf = (port: number) => `127.0.0.1:${port}`;
const uiUrlOf = (port: number) => `http://127.0.0.1:${port}`;
