import type { Column } from '../../contract/schema.ts';
import { isAboutOneRecord } from '../../errors.ts';
import type { SourceRef } from '../platform.ts';
import type { Whereabouts } from '../session.ts';
import { pagePlaceSchema, parseAnswer } from './answers.ts';
import type { Api } from './client.ts';
import { createConverter } from './convert.ts';
import { dashedId, dataSourceId } from './source-ref.ts';

/** What became of pages, each by a request of its own. */
export async function locate(
  api: Api,
  ref: SourceRef,
  ids: readonly string[],
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Whereabouts>> {
  const found = new Map<string, Whereabouts>();
  for (const id of ids) found.set(id, await locatePage(api, ref, id, columns));
  return found;
}

/**
 * Where a page is, by retrieving it: a page in the trash can still be retrieved, one that was moved names its new
 * parent. A 404 is given alike for pages that are purged (some 30 days after the trash) and for those that are
 * not shared, so it tells neither.
 */
async function locatePage(
  api: Api,
  ref: SourceRef,
  recordId: string,
  columns: readonly Column[],
): Promise<Whereabouts> {
  // Asked about anything else Notion answers 400, which would end the source: no page has such an id.
  if (dashedId(recordId) === null) return { state: 'unreachable' };
  const what = `page ${recordId}`;
  const path = `pages/${encodeURIComponent(recordId)}`;
  try {
    const { body } = await api({ method: 'get', path, what });
    const { in_trash, is_archived, parent } = parseAnswer(pagePlaceSchema, body, what);
    // Archived pages are listed no more than those in the trash.
    if (in_trash || is_archived === true) return { state: 'trashed' };
    const { data_source_id } = parent;
    if (data_source_id === undefined || data_source_id === null) {
      return { state: 'moved', external_id: null };
    }
    const external_id = dashedId(data_source_id) ?? data_source_id;
    if (external_id !== dataSourceId(ref)) return { state: 'moved', external_id };
    return { state: 'present', record: createConverter(columns)(body) };
  } catch (thrown) {
    // It tells nothing of the page's whereabouts: a person decides, and the others go on.
    if (isAboutOneRecord(thrown)) return { state: 'unreachable' };
    throw thrown;
  }
}
