import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoSource } from '../sim/demo-world.ts';
import { stackStatus } from '../stack/stack.ts';
import type { Database } from '../store/database.ts';
import type { DemoStage } from './demo-stage.ts';

/** How a killed worker was made good, measured. */
export interface Recovery {
  readonly killed: number;
  readonly successor: number;
  readonly rowsAtKill: number;
  /** From the kill to the next worker's start. */
  readonly restartMs: number;
  /** From that start to the next merged batch of the source. */
  readonly resumeMs: number;
}

const LOOK_MS = 50;
const GIVE_UP_MS = 60_000;

/** Kills the worker with SIGKILL once a third of a source is merged. Null when the source ended before. */
export async function killWorkerHalfway(
  stage: DemoStage,
  db: Database,
  { alias, title }: DemoSource,
  tell: (line: string) => void,
): Promise<Recovery | null> {
  const { records } = stage.world.source(title);
  const rows = await waitFor(async () => {
    const merged = await mergedRows(db, alias);
    return merged > records / 3 ? merged : null;
  });
  const [worker] = (await stackStatus(stage.settings)).workers;
  if (rows === null || worker === undefined || rows >= records) return null;
  tell(`kill -9 ${worker.pid}`);
  process.kill(worker.pid, 'SIGKILL');
  const killedAt = performance.now();
  const rowsAtKill = await mergedRows(db, alias);
  const successor = await waitFor(async () => {
    const [next] = (await stackStatus(stage.settings)).workers;
    return next !== undefined && next.pid !== worker.pid ? next.pid : null;
  });
  const startedAt = performance.now();
  const more = await waitFor(async () =>
    (await mergedRows(db, alias)) > rowsAtKill ? true : null,
  );
  if (successor === null || more === null) return null;
  return {
    killed: worker.pid,
    successor,
    rowsAtKill,
    restartMs: startedAt - killedAt,
    resumeMs: performance.now() - startedAt,
  };
}

async function mergedRows(db: Database, alias: string): Promise<number> {
  const { rows } = await db.query<{ merged: number }>(
    `select coalesce(sum((b.metrics ->> 'read')::integer), 0)::integer as merged
       from appsync.batch b join appsync.source s on s.id = b.source_id where s.alias = $1`,
    [alias],
  );
  return rows[0]?.merged ?? 0;
}

async function waitFor<T>(look: () => Promise<T | null>): Promise<T | null> {
  const until = performance.now() + GIVE_UP_MS;
  while (performance.now() < until) {
    const found = await look().catch(() => null);
    if (found !== null) return found;
    await sleep(LOOK_MS);
  }
  return null;
}
