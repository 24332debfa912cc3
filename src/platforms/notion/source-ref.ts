import { SyncFailure } from '../../errors.ts';
import type { SourceRef } from '../platform.ts';
import { isObject, type JsonObject } from '../values/json-object.ts';

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

/** An id as Notion writes it, lower case with dashes; null when it is none. Links have it without dashes. */
export function dashedId(id: string): string | null {
  return UUID.exec(id.trim().toLowerCase())?.slice(1).join('-') ?? null;
}

/** Checks `{ data_source: <uuid> }`, or `{ list: users }`, from a catalog file. */
export function parseRef(ref: unknown): SourceRef {
  if (!isObject(ref)) throw new Error('ref must be { data_source: <id> }');
  if ('list' in ref) return parseList(ref);
  const { data_source: id, ...others } = ref;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`ref.${other} is unknown: a ref has data_source only`);
  const dataSource = typeof id === 'string' ? dashedId(id) : null;
  if (dataSource === null) {
    throw new Error('ref.data_source must be the id of a data source, 32 hexadecimal digits');
  }
  return { data_source: dataSource };
}

function parseList({ list, ...others }: JsonObject): SourceRef {
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`ref.${other} cannot stand beside ref.list`);
  if (list !== 'users') throw new Error('ref.list must be users');
  return { list };
}

/** Whether a reference that `parseRef` gave means the users of the workspace. */
export const isUsers = (ref: SourceRef): boolean => ref['list'] === 'users';

/** A listing's has a slash, which no alias has: a filter never takes one for the other. */
export const externalId = (ref: SourceRef): string =>
  isUsers(ref) ? 'list/users' : dataSourceId(ref);

export function dataSourceId(ref: SourceRef): string {
  const { data_source: id } = ref;
  if (id === undefined) throw new SyncFailure('Misconfigured', 'ref.data_source is missing');
  return dashedId(id) ?? id;
}
