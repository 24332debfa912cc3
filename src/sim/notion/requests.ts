import { isObject } from '../exchange.ts';
import type { JsonObject, SimRequest } from '../exchange.ts';
import { invalidJson, validation } from './errors.ts';

const LARGEST_PAGE = 100;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The JSON body of a POST; nothing at all counts as `{}`. */
export function jsonBody(request: SimRequest): JsonObject {
  if (request.body === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    throw invalidJson();
  }
  if (!isObject(body)) throw validation('body failed validation: body should be an object.');
  return body;
}

/** POST endpoints take cursor and size in the body, and refuse them in the query string. */
export function refusePagingInQuery(request: SimRequest): void {
  for (const name of ['start_cursor', 'page_size']) {
    const value = request.query.get(name);
    if (value === null) continue;
    throw validation(
      `query failed validation: query.${name} should be not present, instead was \`${JSON.stringify(value)}\`.`,
    );
  }
}

export function pageSize(value: unknown, where: 'body' | 'query'): number {
  if (value === undefined || value === null) return LARGEST_PAGE;
  const size = Number(value);
  const told = `instead was \`${JSON.stringify(value)}\``;
  if (!Number.isInteger(size) || size < 1) {
    throw validation(
      `${where} failed validation: ${where}.page_size should be a number ≥ \`1\`, ${told}.`,
    );
  }
  if (size > LARGEST_PAGE) {
    throw validation(
      `${where} failed validation: ${where}.page_size should be ≤ \`100\`, ${told}.`,
    );
  }
  return size;
}

/** A dashed id from a path, which may leave the dashes out. */
export function pathId(value: string, name: string): string {
  if (!UUID.test(value)) {
    throw validation(
      `path failed validation: path.${name} should be a valid uuid, instead was \`${JSON.stringify(value)}\`.`,
    );
  }
  const hex = value.replaceAll('-', '').toLowerCase();
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
