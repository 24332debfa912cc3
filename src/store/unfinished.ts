import type { Queryable } from './database.ts';
import { UNSETTLED, type Unsettled } from './deletions/sweep.ts';

/** What a source's rows still lack, and which of its records are in doubt. */
export interface Unfinished {
  readonly truncated_values: number;
  readonly unread_contents: number;
  readonly quarantined: number;
  readonly unsettled: Unsettled;
}

/** All that may keep a source from being complete, by one statement. */
export async function countUnfinished(db: Queryable, sourceId: number): Promise<Unfinished> {
  const { rows } = await db.query<Omit<Unfinished, 'unsettled'> & Unsettled>(
    `select (select count(*) from appsync.truncated_value where source_id = $1) as truncated_values,
            (select count(*) from appsync.unread_content where source_id = $1) as unread_contents,
            (select count(*) from appsync.quarantine
              where source_id = $1 and dropped_at is null) as quarantined,
            ${UNSETTLED}
       from appsync.unsettled_record where source_id = $1`,
    [sourceId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an aggregate without a row');
  const { truncated_values, unread_contents, quarantined, ...unsettled } = row;
  return { truncated_values, unread_contents, quarantined, unsettled };
}
