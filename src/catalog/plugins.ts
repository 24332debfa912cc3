import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { PluginEntry } from '../platforms/plugins.ts';
import type { Queryable } from '../store/database.ts';
import { pluginsSchema } from './file-schema.ts';

/**
 * The plug-ins that a catalog file names, before anything else of it is looked at: what the rest means depends on the
 * platforms that they bring. None when there is no such file; what is wrong with it is told by `parseCatalog`.
 */
export async function readPlugins(path: string): Promise<readonly PluginEntry[]> {
  const content = await readFile(path, 'utf8').catch(() => '');
  // Parsing takes 60 ms with 2,000 sources, few files have any, and a command asks several times.
  if (!/^["']?plugins["']?\s*:/m.test(content)) return [];
  if (last?.content !== content) last = { content, plugins: await parsePlugins(content) };
  return pluginEntries(last.plugins, path);
}

/** What was parsed last. */
let last: { readonly content: string; readonly plugins: Plugins } | undefined;

type Plugins = Readonly<Record<string, string>>;

async function parsePlugins(content: string): Promise<Plugins> {
  const { parseFileText } = await import('./yaml-text.ts');
  const { data } = parseFileText(content);
  const section = (data as { readonly plugins?: unknown } | null)?.plugins;
  const parsed = pluginsSchema.safeParse(section ?? {});
  return parsed.success ? parsed.data : {};
}

/** The section's entries, each with the folder that it is meant from. */
export const pluginEntries = (plugins: Plugins, path: string): readonly PluginEntry[] =>
  Object.entries(plugins).map(([platform, module]) => {
    return { platform, module, folder: dirname(resolve(path)) };
  });

/** The plug-in that brings a platform, as the catalog was applied last; null when there is none. */
export async function findPlugin(db: Queryable, platform: string): Promise<PluginEntry | null> {
  const { rows } = await db.query<PluginEntry>(
    'select platform, module, folder from appsync.plugin where platform = $1',
    [platform],
  );
  return rows[0] ?? null;
}

/** Makes Postgres name exactly these. */
export async function writePlugins(tx: Queryable, plugins: readonly PluginEntry[]): Promise<void> {
  const names = plugins.map(({ platform }) => platform);
  await tx.query('delete from appsync.plugin where platform <> all($1::text[])', [names]);
  await tx.query(
    `insert into appsync.plugin (platform, module, folder)
     select * from unnest($1::text[], $2::text[], $3::text[])
     on conflict (platform) do update set module = excluded.module, folder = excluded.folder`,
    [names, plugins.map(({ module }) => module), plugins.map(({ folder }) => folder)],
  );
}
