import { existsSync } from 'node:fs';
import { findSources } from '../../catalog/source-query.ts';
import { countTargets, type TargetCounts } from '../../catalog/target-counts.ts';
import { loadConfig, type CommandContext } from '../command.ts';
import { knownPlatforms } from '../platforms.ts';
import { withSession } from '../session.ts';
import { isFresh } from '../sync-target.ts';

/** Tags of one source that are used together: filters by both find something. */
export interface SourceTags {
  readonly alias: string;
  readonly platform: string;
  readonly app: string | null;
  readonly component: string | null;
}

/** The names of this installation. */
export interface KnownTargets {
  readonly targets: readonly TargetCounts[];
  readonly tags: readonly SourceTags[];
  /** What to do first, after the program's name, when there are no sources. */
  readonly next: 'init' | 'sources apply';
}

/** Reads all names. An installation that was never started stays so: it has none. */
export async function readKnownTargets(context: CommandContext): Promise<KnownTargets> {
  const config = await loadConfig(context);
  const platforms = await knownPlatforms(config);
  const next = existsSync(config.catalogPath) ? 'sources apply' : 'init';
  if (isFresh(config)) {
    return { targets: [...platforms.keys()].map(unusedPlatform), tags: [], next };
  }
  const now = new Date(context.io.now());
  return withSession(context, config, { worker: false }, async ({ db }) => {
    const [targets, tags] = await Promise.all([
      countTargets(db, platforms, now),
      findSources(db, { kind: 'all' }, {}, now),
    ]);
    return { targets, tags, next };
  });
}

const unusedPlatform = (name: string): TargetCounts => ({
  kind: 'platform',
  word: name,
  name,
  sources: 0,
  enabled: 0,
  due: 0,
  last_status: null,
  last_synced_at: null,
});

/** Names what to do first when there is nothing to sync yet. */
export function noteEmpty({ output }: CommandContext, { tags, next }: KnownTargets): void {
  if (tags.length === 0) output.note(`no sources yet; next: ${output.program} ${next}`);
}
