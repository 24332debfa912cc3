import { randomUUID } from 'node:crypto';
import type { SortKey } from './row-order.ts';
import type { SimRow } from '../rows.ts';

/** One listing that goes on over several requests. */
export interface CursorSession {
  readonly id: string;
  /** Seeds a shuffled order. */
  readonly serial: number;
  usedAt: number;
  /** The order as it was at the first request, when scans are frozen. */
  frozen: readonly SimRow[] | null;
}

/** Where a cursor goes on. */
export interface CursorPlace {
  readonly session: CursorSession;
  /** The item that the cursor names. */
  readonly next: string;
  readonly keys: readonly SortKey[];
  /** Place in a frozen order. */
  readonly at: number;
  /** Items given before. */
  readonly served: number;
}

/** One per page; a scan of a quarter of a million rows needs 2,500. */
const MOST_CURSORS = 100_000;

/**
 * Cursors that were given out. A cursor holds only for the listing it came from (token, filter and
 * sorts) and only while it is used: sessions end after a while, as seen since April 2026.
 */
export class CursorStore {
  readonly #places = new Map<string, CursorPlace>();
  #serial = 0;

  open(now: number): CursorSession {
    this.#serial += 1;
    return { id: randomUUID(), serial: this.#serial, usedAt: now, frozen: null };
  }

  /** The same listing under a new name, so that its next cursor differs from the last. */
  renew(session: CursorSession): CursorSession {
    return { ...this.open(session.usedAt), frozen: session.frozen };
  }

  give(scope: string, cursor: string, place: CursorPlace): string {
    const oldest = this.#places.keys().next();
    if (this.#places.size >= MOST_CURSORS && !oldest.done) this.#places.delete(oldest.value);
    this.#places.set(`${scope} ${cursor}`, place);
    return cursor;
  }

  /** The place that a cursor names, or undefined when it is unknown, expired or of another listing. */
  find(
    scope: string,
    cursor: string,
    now: number,
    rules: { readonly ttlMs: number; readonly singleUse: boolean },
  ): CursorPlace | undefined {
    const key = `${scope} ${cursor}`;
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    if (rules.ttlMs > 0 && now - place.session.usedAt > rules.ttlMs) {
      this.#places.delete(key);
      return undefined;
    }
    if (rules.singleUse) this.#places.delete(key);
    place.session.usedAt = now;
    return place;
  }

  /** Forgets every cursor, as a restarted server does. */
  expireAll(): void {
    this.#places.clear();
  }
}
