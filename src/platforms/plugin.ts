import { NO_EVIDENCE, openWindow } from '../contract/scan.ts';
import { SyncFailure } from '../errors.ts';
import { requestJson } from './http-json.ts';
import {
  createEntryConverter,
  listedTo,
  listingFields,
  notListed,
  sortEntries,
} from './listing.ts';
import { requestRate, type Platform } from './platform.ts';
import { perSecond } from './rate-rule.ts';
import { serverTime } from './server-time.ts';
import { calendarKind, momentText } from './values/calendar.ts';
import { cleanText, jsonText, numberText, textArray } from './values/postgres-text.ts';
import { recordHash } from './values/record-hash.ts';
import { sortOut } from './sort-out.ts';
import { cellText } from './values/cell-text.ts';

/**
 * What a plug-in works with. It is handed over instead of imported, so that a plug-in can lie anywhere, needs no
 * dependency, and shares the classes by which failures are told apart.
 */
export const KIT = {
  /** How a platform says what went wrong: `new SyncFailure('NotFound', 'Radio knows no station 7')`. */
  SyncFailure,
  /** JSON over HTTP with every failure classified; to be called inside `requests.send`. */
  requestJson,
  /** A budget of so many requests in any second; `key` begins with the platform's name and holds no secret. */
  perSecond,
  /** The rate in force: what was asked for, else the plan's. */
  requestRate,
  /** The Date header of an answer as ISO 8601; throws when there is none. */
  serverTime,
  /** A window that nothing was read of yet, and evidence of nothing. */
  openWindow,
  NO_EVIDENCE,
  /** Sorts out the records of one batch: converted ones, and those that cannot be. */
  sortOut,
  /** A digest of a record's content, whatever the order of its keys. */
  recordHash,
  /** Values in the text form that Postgres reads: `cellText` for JSON values, and the parts that it is made of. */
  cellText,
  cleanText,
  jsonText,
  numberText,
  textArray,
  calendarKind,
  momentText,
  /** For sources that are lists of flat objects with an id: columns, conversion and paging. */
  listingFields,
  createEntryConverter,
  sortEntries,
  listedTo,
  notListed,
} as const;

export type Kit = typeof KIT;

/** The default export of a plug-in's module. */
export type Plugin = (kit: Kit) => Platform;

export type * from '../contract/scan.ts';
export type * from '../contract/schema.ts';
export type * from './conformance.ts';
export type * from './conformance.ts';
export type * from './platform.ts';
export type * from './session.ts';
