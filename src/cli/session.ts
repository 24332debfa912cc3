import type { TemporalConnection } from '../client.ts';
import type { Config } from '../config.ts';
import { ensureInstallation } from '../catalog/installation.ts';
import { AppsyncError, EXIT } from '../errors.ts';
import { ensureStack, stackStatus, type StackSettings } from '../stack/stack.ts';
import { checkDatabase, openDatabase, type Database } from '../store/database.ts';
import { agreeOnEncryptionKey } from '../store/encryption-key.ts';
import { migrate } from '../store/migrate.ts';
import { readEncryptionKeys } from '../temporal/encryption-keys.ts';
import type { Platforms } from '../platforms/registry.ts';
import type { CommandContext } from './command.ts';
import { waitAtMost } from './pause.ts';
import { knownPlatforms } from './platforms.ts';
import { stackSettings } from './stack-settings.ts';

/** A database that is up, migrated and open, and how to get at the rest of the stack. */
export interface Session {
  readonly config: Config;
  readonly db: Database;
  /** Those of the catalog file's plug-ins, too. */
  readonly platforms: Platforms;
  readonly installation: { readonly id: string; readonly salt: string };
  readonly temporalUiUrl: string | null;
  /** Sees to it that a worker is there: starts the local one again, or throws when nobody asks for work. */
  readonly keepUp: () => Promise<void>;
  /** Connects on first use. Throws (exit 5) when Temporal does not answer. */
  readonly temporal: () => Promise<TemporalConnection>;
  close(): Promise<void>;
}

export interface SessionNeeds {
  /** Something has to carry out what this command starts. */
  readonly worker: boolean;
  readonly verbose?: boolean;
}

const CLOSE_MS = 2_000;

/** Starts what is missing of the local stack, then opens and migrates the database. */
export async function openSession(
  context: CommandContext,
  config: Config,
  needs: SessionNeeds,
): Promise<Session> {
  const platforms = await knownPlatforms(config);
  for (const { unavailable } of platforms.values()) {
    if (unavailable === undefined) continue;
    context.output.note(`${context.output.notePaint.yellow('warning:')} ${unavailable}`);
  }
  const settings = await stackSettings(context, config, needs);
  const stack = await ensureStack(settings, reportSteps(context, needs.verbose === true));
  const db = openDatabase(stack.databaseUrl);
  const temporal = connectOnce(config, stack.temporalAddress);
  const close = async () => {
    // A query that hangs must not keep the program from ending.
    await waitAtMost(Promise.allSettled([temporal.close(), db.end()]), CLOSE_MS);
  };
  try {
    await checkDatabase(db);
    await migrate(db);
    const installation = await ensureInstallation(db);
    const keys = readEncryptionKeys(config.env);
    await agreeOnEncryptionKey(db, { current: keys.current?.id ?? null, known: keys.known });
    const isRemote = config.databaseUrl !== undefined && config.temporalAddress !== undefined;
    return {
      config,
      db,
      platforms,
      installation,
      keepUp: isRemote
        ? async () => checkWorker(await temporal.connect(), installation.id)
        : () => reviveStack(settings),
      temporalUiUrl: config.temporalUiUrl ?? stack.temporalUiUrl,
      temporal: temporal.connect,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Starts the local stack anew when its worker is gone. Not otherwise: another command may have replaced the
 * worker by one with its own settings, and the two would take turns.
 */
async function reviveStack(settings: StackSettings): Promise<void> {
  const { workers } = await stackStatus(settings);
  if (workers.length === 0) await ensureStack(settings, () => {});
}

/** Throws when no worker asked for this installation's tasks lately. */
async function checkWorker(temporal: TemporalConnection, installation: string): Promise<void> {
  const { isWorkerPolling } = await import('../client.ts');
  if (await isWorkerPolling(temporal, installation)) return;
  throw new AppsyncError(
    EXIT.unreachable,
    'no worker asks Temporal for work; start one: appsync worker',
  );
}

/** Runs `work` in a session and closes it, whatever happens. */
export async function withSession<T>(
  context: CommandContext,
  config: Config,
  needs: SessionNeeds,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(context, config, needs);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The Temporal client is slow to load, and not every command needs it. */
function connectOnce(config: Config, address: string | undefined) {
  let connection: Promise<TemporalConnection> | undefined;
  return {
    connect: () => {
      connection ??= import('../client.ts').then(({ connectTemporal }) =>
        connectTemporal({ address, env: config.env }),
      );
      return connection;
    },
    close: async () => {
      await (await connection)?.close();
    },
  };
}

const SLOW_MS = 1_000;

/** Steps of a start are shown on a terminal as they come; elsewhere once a start takes over a second. */
export function reportSteps(
  { io, output }: CommandContext,
  verbose: boolean,
): (step: string) => void {
  const began = io.now();
  return (step) => {
    if (verbose || io.stderr.isTTY || io.now() - began >= SLOW_MS) {
      output.note(output.notePaint.dim(step));
    }
  };
}
