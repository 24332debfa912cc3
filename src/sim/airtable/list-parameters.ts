import { isObject } from '../exchange.ts';
import { invalidRequest } from './errors.ts';

/** What a listing asks for, from the query string or the body of `listRecords`. */
export interface ListParameters {
  readonly pageSize: number;
  readonly maxRecords: number;
  readonly offset: string | null;
  readonly fields: readonly string[];
  readonly byId: boolean;
  readonly view: string | null;
  readonly formula: string | null;
  readonly sort: readonly { readonly field: string; readonly descending: boolean }[];
}

const LARGEST_PAGE = 100;

function wholeNumber(value: unknown, most: number, missing: number): number {
  if (value === undefined || value === null) return missing;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) throw invalidRequest();
  return number;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** From the query string, where lists are `fields[]=` and `sort[0][field]=`. */
export function parametersFromQuery(query: URLSearchParams): ListParameters {
  const sort = new Map<string, Record<string, string>>();
  for (const [key, value] of query) {
    const match = /^sort\[(\d+)\]\[(field|direction)\]$/.exec(key);
    if (match === null) continue;
    const [, place = '', part = ''] = match;
    sort.set(place, { ...sort.get(place), [part]: value });
  }
  const fields = [...query]
    .filter(([key]) => /^fields(\[\d*\])?$/.test(key))
    .map(([, value]) => value);
  return parameters({
    ...Object.fromEntries(query),
    fields,
    sort: [...sort.keys()].sort((a, b) => Number(a) - Number(b)).map((place) => sort.get(place)),
    returnFieldsByFieldId: query.get('returnFieldsByFieldId') === 'true',
  });
}

/** From the body of `POST …/listRecords`. Unknown keys are ignored, as the official client sends some. */
export function parametersFromBody(body: string): ListParameters {
  let parsed: unknown;
  try {
    parsed = body === '' ? {} : JSON.parse(body);
  } catch {
    throw invalidRequest('Could not parse request body');
  }
  if (!isObject(parsed)) throw invalidRequest();
  return parameters(parsed);
}

function parameters(given: Readonly<Record<string, unknown>>): ListParameters {
  const { fields, sort } = given;
  // The string format needs a zone and a locale, and nothing in a sync asks for it.
  if (given.cellFormat !== undefined && given.cellFormat !== 'json') throw invalidRequest();
  if (fields !== undefined && !Array.isArray(fields)) throw invalidRequest();
  if (sort !== undefined && !Array.isArray(sort)) throw invalidRequest();
  return {
    pageSize: wholeNumber(given.pageSize, LARGEST_PAGE, LARGEST_PAGE),
    maxRecords: wholeNumber(given.maxRecords, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    offset: text(given.offset),
    fields: (fields ?? []).map(String),
    byId: given.returnFieldsByFieldId === true,
    view: text(given.view),
    formula: text(given.filterByFormula),
    sort: ((sort ?? []) as readonly unknown[]).map((term) => {
      if (!isObject(term) || typeof term.field !== 'string') throw invalidRequest();
      return { field: term.field, descending: term.direction === 'desc' };
    }),
  };
}
