import type { Platform } from './exchange.ts';

export interface LoggedRequest {
  readonly serial: number;
  readonly platform: Platform;
  readonly token: string | null;
  readonly method: string;
  readonly path: string;
  /** Raw query string, without the question mark. */
  readonly query: string;
  /** Parsed when it is JSON, else the text; null when empty. */
  readonly body: unknown;
  /** Simulated time of arrival, milliseconds since 1970. */
  readonly time: number;
  /** Real time of arrival, milliseconds on a clock that never jumps. */
  readonly arrived: number;
  /** When the answer had been sent, or was given up, on the same clock. */
  readonly answered: number;
  /** 0 when no status was sent (reset, stalled headers). */
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  /** Kind of the fault that was applied, if any. */
  readonly fault: string | null;
}

export interface RequestFilter {
  readonly platform?: Platform;
  readonly token?: string;
  readonly method?: string;
  /** Part of the path, or a pattern for it. */
  readonly path?: string | RegExp;
  readonly status?: number;
}

/** Everything that was asked, in the order of arrival. */
export class RequestLog {
  #requests: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.#requests.push(request);
  }

  clear(): void {
    this.#requests = [];
  }

  /** Requests that match, by default all of them. */
  requests(filter: RequestFilter = {}): readonly LoggedRequest[] {
    return this.#requests
      .filter((request) => matches(request, filter))
      .sort((a, b) => a.serial - b.serial);
  }

  count(filter: RequestFilter = {}): number {
    return this.requests(filter).length;
  }

  /** Number of requests per `METHOD path`. */
  byPath(filter: RequestFilter = {}): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { method, path } of this.requests(filter)) {
      const key = `${method} ${path}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  }

  /** Most requests that arrived within any span of so many real milliseconds. */
  maxInWindow(ms: number, filter: RequestFilter = {}): number {
    const times = this.requests(filter)
      .map((request) => request.arrived)
      .sort((a, b) => a - b);
    let first = 0;
    let most = 0;
    for (const [last, time] of times.entries()) {
      while (time - (times[first] ?? time) >= ms) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** Most requests that were in flight at one moment: they had arrived and were not answered yet. */
  maxInFlight(filter: RequestFilter = {}): number {
    const requests = this.requests(filter);
    return Math.max(
      0,
      ...requests.map(
        ({ arrived: now }) =>
          requests.filter(({ arrived, answered }) => arrived <= now && now < answered).length,
      ),
    );
  }

  /** Requests that would have changed something. A sync that only reads leaves this empty. */
  writes(): readonly LoggedRequest[] {
    return this.#requests.filter((request) => !isRead(request.method, request.path));
  }
}

export function matches(
  request: Pick<LoggedRequest, 'platform' | 'method' | 'path' | 'token'> & { status?: number },
  filter: RequestFilter,
): boolean {
  return (
    (filter.platform === undefined || filter.platform === request.platform) &&
    (filter.token === undefined || filter.token === request.token) &&
    (filter.method === undefined || filter.method === request.method) &&
    (filter.status === undefined || filter.status === request.status) &&
    (filter.path === undefined ||
      (typeof filter.path === 'string'
        ? request.path.includes(filter.path)
        : filter.path.test(request.path)))
  );
}

/** POST is a read where the API takes a query in the body. */
export function isRead(method: string, path: string): boolean {
  if (method === 'GET') return true;
  return method === 'POST' && /\/(search|query|listRecords)$/.test(path);
}
