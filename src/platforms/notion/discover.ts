import { SyncFailure } from '../../errors.ts';
import type { DiscoveredSource } from '../platform.ts';
import { databaseSchema, foundSourceSchema, parseAnswer, readList, titleText } from './answers.ts';
import type { Api } from './client.ts';
import { dashedId } from './source-ref.ts';

/**
 * Every data source that the token can see. Search is an index that lags and promises nothing about its
 * order, so the databases of what it finds are asked too: they list all their data sources.
 */
export async function* discover(api: Api): AsyncGenerator<DiscoveredSource> {
  const seen = new Set<string>();
  const databases = new Set<string>();
  for (const found of await searchSources(api)) {
    if (found.object !== 'data_source' || found.in_trash) continue;
    if (found.parent?.database_id) databases.add(found.parent.database_id);
    if (isNew(seen, found.id)) yield discovered(found.id, titleText(found.title));
  }
  for (const database of databases) {
    for (const { id, name } of await sourcesOf(api, database)) {
      if (isNew(seen, id)) yield discovered(id, name || 'Untitled');
    }
  }
}

async function searchSources(api: Api) {
  const what = 'the search for data sources';
  const results = await readList(api, {
    method: 'post',
    path: 'search',
    body: {
      filter: { property: 'object', value: 'data_source' },
      // Oldest first: an edit in between moves a source to the end, where it is seen again.
      sort: { timestamp: 'last_edited_time', direction: 'ascending' },
    },
    what,
  });
  return results.map((result) => parseAnswer(foundSourceSchema, result, what));
}

async function sourcesOf(api: Api, database: string) {
  const what = `database ${database}`;
  try {
    const path = `databases/${encodeURIComponent(database)}`;
    const answer = await api({ method: 'get', path, what });
    return parseAnswer(databaseSchema, answer.body, what).data_sources;
  } catch (thrown) {
    // Not every token that may read a data source may read its database.
    if (thrown instanceof SyncFailure && ['NotFound', 'Forbidden'].includes(thrown.type)) return [];
    throw thrown;
  }
}

function isNew(seen: Set<string>, id: string): boolean {
  const before = seen.size;
  return seen.add(dashedId(id) ?? id).size > before;
}

function discovered(id: string, title: string): DiscoveredSource {
  const dataSource = dashedId(id) ?? id;
  return { title, ref: { data_source: dataSource }, external_id: dataSource };
}
