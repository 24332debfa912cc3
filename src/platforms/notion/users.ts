import { NO_EVIDENCE } from '../../contract/scan.ts';
import type { Column, SourceSchema } from '../../contract/schema.ts';
import { SyncFailure } from '../../errors.ts';
import {
  createEntryConverter,
  listedTo,
  listingFields,
  sortEntries,
  type ListingTable,
} from '../listing.ts';
import type { BatchRequest, FetchedBatch } from '../session.ts';
import { isObject } from '../values/json-object.ts';
import { readPage } from './answers.ts';
import type { Api, ApiRequest } from './client.ts';
import { serverTime } from '../server-time.ts';

const WHAT = 'the list of users';
const PAGE_SIZE = 100;
const REQUEST: ApiRequest = { method: 'get', path: 'users', what: WHAT };

/** Members and bots of the workspace; guests are not listed. Pictures change by themselves. */
export const USERS: ListingTable = {
  what: WHAT,
  idOf: ({ id }) => id,
  fields: [
    { id: 'name', column_type: 'text', valueOf: ({ name }) => name },
    { id: 'type', column_type: 'text', valueOf: ({ type }) => type },
    {
      id: 'email',
      column_type: 'text',
      valueOf: ({ person }) => (isObject(person) ? person['email'] : null),
    },
    {
      id: 'bot_owner',
      column_type: 'jsonb',
      valueOf: ({ bot }) => (isObject(bot) ? bot['owner'] : null),
    },
  ],
  stable: (object) => {
    const { avatar_url: _picture, ...rest } = object;
    return rest;
  },
};

export const userConverter = (columns: readonly Column[]) => createEntryConverter(USERS, columns);

/** The fixed columns of the users, when the token may see them: asked with a page of one. */
export async function describeUsers(api: Api): Promise<SourceSchema> {
  const { answer } = await readUsers(api, null, 1);
  return {
    title: 'Users',
    external_id: 'list/users',
    fields: listingFields(USERS),
    server_time: serverTime(answer.date, WHAT),
  };
}

/** Reads the list on. It cannot be entered in its middle: a cursor that is refused throws CursorLost. */
export async function fetchUsers(api: Api, request: BatchRequest): Promise<FetchedBatch> {
  const { window, columns, max_records, isTimeUp } = request;
  const sorted = sortEntries(USERS, columns);
  let at = window;
  let pages = 0;
  do {
    const page = await readUsers(api, at.cursor, Math.min(PAGE_SIZE, max_records));
    pages += 1;
    for (const user of page.results) sorted.take(user);
    at = listedTo(at, page.results.length, page.next, WHAT);
  } while (!at.done && sorted.size() < max_records && !isTimeUp());
  return {
    records: sorted.records(),
    rejected: sorted.rejected(),
    windows: [{ ...at, next_batch: window.next_batch + 1 }],
    evidence: { ...NO_EVIDENCE, pages, gaps: sorted.gaps('full') },
  };
}

async function readUsers(api: Api, cursor: string | null, pageSize: number) {
  try {
    return await readPage(api, REQUEST, cursor, pageSize);
  } catch (error) {
    if (!(error instanceof SyncFailure) || error.type !== 'Forbidden') throw error;
    throw new SyncFailure('Forbidden', error.message, {
      hint: 'give the integration the capability to read user information, in its settings in Notion',
      cause: error,
    });
  }
}
