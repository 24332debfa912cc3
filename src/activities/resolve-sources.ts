import type {
  ResolveSourcesInput,
  ResolvedSource,
  ResolvedSources,
} from '../contract/activities.ts';
import { findSources } from '../catalog/source-query.ts';
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
    keys.push({ source_id: source.id, alias: source.alias, account: source.account });
    platforms.set(source.platform, keys);
  }
  return { platforms: [...platforms].map(([platform, sources]) => ({ platform, sources })) };
}
