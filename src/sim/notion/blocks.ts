import type { SimRow } from '../rows.ts';
import { mix, pick } from '../seeded.ts';
import { pageTime, titleOf } from './property-values.ts';
import type { ObjectView } from './objects.ts';
import { partialUser } from './users.ts';
import type { NotionDataSource } from './workspace.ts';

/** A page seen as a block: its id is that of its own child_page block. Pages here have no blocks. */
export function pageBlock(
  view: ObjectView,
  source: NotionDataSource,
  row: SimRow,
): Record<string, unknown> {
  const author = partialUser(pick(view.workspace.users, mix(source.seed, row.index)).id);
  return {
    object: 'block',
    id: row.id,
    parent: { type: 'data_source_id', data_source_id: source.id, database_id: source.databaseId },
    created_time: pageTime(row.created, view),
    last_edited_time: pageTime(row.edited, view),
    created_by: author,
    last_edited_by: author,
    has_children: false,
    in_trash: row.trashed,
    type: 'child_page',
    child_page: { title: titleOf(view.workspace, source, row) },
    ...(view.version < '2026-03-11' ? { archived: row.trashed } : {}),
  };
}
