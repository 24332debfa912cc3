/** One request and its answer, as the platforms see them; sockets stay in http-server.ts. */
export const PLATFORMS = ['notion', 'airtable'] as const;
export type Platform = (typeof PLATFORMS)[number];

export type JsonObject = Readonly<Record<string, unknown>>;

export interface SimRequest {
  /** 1 for the first request of this simulator. */
  readonly serial: number;
  readonly platform: Platform;
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bearer token, whether known or not. */
  readonly token: string | null;
  readonly body: string;
}

export interface SimAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string: then as it is. */
  readonly body: unknown;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
