import { readSecret, type Environment } from '../config.ts';
import type { SyncOptions } from '../contract/options.ts';
import { openSession } from '../platforms/open-session.ts';
import type { Platforms } from '../platforms/registry.ts';
import { createRateBudget } from '../platforms/rate-limit.ts';
import type { Database } from '../store/database.ts';
import type { PlanFacts } from '../store/plan-facts.ts';
import { reportFailure } from './failure-report.ts';
import type { LiveSchema } from './sync-plan-source.ts';

export interface SchemaReading {
  readonly db: Database;
  readonly env: Environment;
  readonly salt: string;
  readonly platforms: Platforms;
  readonly options: SyncOptions;
}

/**
 * Asks the platforms for the schemas of these sources, one request each, within the accounts' budgets. Never throws
 * for a source: what failed is its plan's matter.
 */
export async function readSchemas(
  reading: SchemaReading,
  sources: readonly PlanFacts[],
): Promise<ReadonlyMap<number, LiveSchema>> {
  const read = async (source: PlanFacts): Promise<readonly [number, LiveSchema]> => [
    source.id,
    await readSchema(reading, source).catch((error: unknown): LiveSchema => {
      return { kind: 'failed', message: reportFailure(error).message };
    }),
  ];
  return new Map(await Promise.all(sources.map(read)));
}

async function readSchema(
  { db, env, salt, platforms, options }: SchemaReading,
  source: PlanFacts,
): Promise<LiveSchema> {
  const platform = platforms.get(source.platform);
  if (platform === undefined)
    return { kind: 'failed', message: `unknown platform ${source.platform}` };
  const { account, plan } = source;
  const token = readSecret(source.token_ref, env);
  const session = openSession(
    platform,
    { account, token, plan, rate: options.rate_limit ?? source.rate_limit },
    { budget: createRateBudget(db), env, salt },
    { signal: new AbortController().signal, poolSize: options.pool_size, count: () => {} },
  );
  const schema = await session.describe(platform.parseRef(source.ref));
  return { kind: 'read', schema };
}
