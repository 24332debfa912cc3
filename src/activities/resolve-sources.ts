import type {
  ResolveSourcesInput,
  ResolvedSource,
  ResolvedSources,
} from '../contract/activities.ts';
import { findSources, type SourceRow } from '../catalog/source-query.ts';
import { requestRate } from '../platforms/platform.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** The sources that a run is about, by platform. Reads only; a second call sees the catalog as it is then. */
export async function resolveSources(
  deps: Dependencies,
  input: ResolveSourcesInput,
): Promise<ResolvedSources> {
  const found = await withHeartbeat(() =>
    findSources(deps.db, input.target, input.filters, new Date()),
  );
  const platforms = new Map<string, ResolvedSource[]>();
  for (const source of found) {
    const keys = platforms.get(source.platform) ?? [];
    keys.push(await resolved(deps, source));
    platforms.set(source.platform, keys);
  }
  return { platforms: [...platforms].map(([platform, sources]) => ({ platform, sources })) };
}

async function resolved(
  { findPlatform }: Dependencies,
  source: SourceRow,
): Promise<ResolvedSource> {
  const { id: source_id, alias, account, plan } = source;
  const platform = await findPlatform(source.platform);
  // What this worker does not know fails when the source is opened.
  if (platform === undefined) return { source_id, alias, account };
  const key = [account, platform.budgetPart?.(source.ref) ?? ''].join('/');
  const rate = requestRate(platform, { plan, rate: source.rate_limit });
  return { source_id, alias, account, budget: { key, rate } };
}
