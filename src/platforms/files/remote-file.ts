import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, fetch, type Response } from 'undici';
import { reasonOf, SyncFailure } from '../../errors.ts';
import { httpFailure, oneLine } from '../http-failure.ts';
import type { Connection, Requests } from '../platform.ts';
import { perSecond } from '../rate-rule.ts';
import { isSafe } from './source-ref.ts';

/** What a server says of a file. */
export interface RemoteState {
  /** Null when the server tells nothing that changes with the file. */
  readonly version: string | null;
  /** ISO 8601. */
  readonly server_time: string;
}

/** A file that was read whole: it always has a version, if need be a digest of its bytes. */
export interface DownloadedFile extends RemoteState {
  readonly version: string;
}

export interface RemoteFiles {
  /** What the server says of a file without sending it; null when it does not answer such questions. */
  look(url: string): Promise<RemoteState | null>;
  /** The file, written to `path`; `seen` is what `look` gave just before. */
  download(url: string, path: string, seen: RemoteState | null): Promise<DownloadedFile>;
}

const MOST_REDIRECTS = 5;
/** Of a whole file; an activity may take five minutes. */
const DOWNLOAD_MS = 240_000;
const LOOK_MS = 30_000;

const agent = new Agent({ bodyTimeout: LOOK_MS, headersTimeout: LOOK_MS });

type Read<T> = (answer: Response, signal: AbortSignal) => Promise<T>;

/** Files behind addresses, as an account may read them: every request within the budget of its host. */
export function createRemoteFiles(
  connection: Connection,
  requests: Requests,
  rate: number,
  now: () => number,
): RemoteFiles {
  const { account, token, fingerprint } = connection;
  const timeOf = (answer: Response) => {
    const date = Date.parse(answer.headers.get('date') ?? '');
    return new Date(Number.isNaN(date) ? now() : date).toISOString();
  };

  /** One request. Gives where a redirect leads, or what `read` makes of the answer. */
  const once = <T>(method: string, url: URL, withToken: boolean, read: Read<T>) =>
    requests.send(
      [perSecond(`files:${fingerprint}:${url.host}`, rate)],
      async (signal): Promise<{ readonly to: string } | { readonly result: T }> => {
        const what = `${url.origin}${url.pathname}`;
        const headers = {
          'accept-encoding': 'identity',
          ...(withToken && token !== '' ? { authorization: `Bearer ${token}` } : {}),
        };
        try {
          const options = {
            method,
            headers,
            redirect: 'manual',
            dispatcher: agent,
            signal,
          } as const;
          const answer = await fetch(url, options);
          const to = answer.headers.get('location');
          if (answer.status >= 300 && answer.status < 400 && to !== null) {
            await answer.body?.cancel();
            return { to };
          }
          if (!answer.ok) {
            await answer.body?.cancel();
            throw statusFailure(answer, what, account);
          }
          return { result: await read(answer, signal) };
        } catch (thrown) {
          signal.throwIfAborted();
          if (thrown instanceof SyncFailure) throw thrown;
          const reason = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
          const why = oneLine(reasonOf(reason));
          throw new SyncFailure('Unavailable', `${url.host} did not send ${what}: ${why}`);
        }
      },
      { timeout_ms: method === 'HEAD' ? LOOK_MS : DOWNLOAD_MS },
    );

  /** Follows redirects; the token goes to the origin that the reference names and to no other. */
  const ask = async <T>(method: string, address: string, read: Read<T>): Promise<T> => {
    const { origin } = new URL(address);
    let url = new URL(address);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await once(method, url, url.origin === origin, read);
      if ('result' in answer) return answer.result;
      url = redirected(url, answer.to);
    }
    throw new SyncFailure('Misconfigured', `${origin} redirects more than ${MOST_REDIRECTS} times`);
  };

  return {
    look: async (url) => {
      try {
        return await ask('HEAD', url, async (answer) => ({
          version: versionOf(answer, null),
          server_time: timeOf(answer),
        }));
      } catch (thrown) {
        // Some servers, and addresses that are signed for one method, refuse HEAD and answer GET.
        const isFinal = thrown instanceof SyncFailure && !PASSING.includes(thrown.type);
        if (isFinal) return null;
        throw thrown;
      }
    },
    download: (url, path, seen) =>
      ask('GET', url, async (answer, signal) => {
        const hash = createHash('sha256');
        const body = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body);
        const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            yield chunk;
          }
        };
        await pipeline(body, hashed, createWriteStream(path, { mode: 0o600 }), { signal });
        const digest = `sha256:${hash.digest('hex')}`;
        const version = seen?.version === null ? digest : (versionOf(answer, seen) ?? digest);
        return { version, server_time: timeOf(answer) };
      }),
  };
}

const PASSING: readonly string[] = ['RateLimited', 'Unavailable', 'Blocked'];

/**
 * A text that changes with the file. A length that only one of two answers tells (or tells of another transfer
 * encoding) is no change, so an answer with the same date as `seen` has its version.
 */
function versionOf({ headers }: Response, seen: RemoteState | null): string | null {
  const etag = headers.get('etag');
  if (etag !== null) return limited(`etag:${etag}`);
  const modified = headers.get('last-modified');
  if (modified === null) return null;
  const prefix = `modified:${modified}`;
  if (seen?.version?.startsWith(prefix) === true) return seen.version;
  return limited(`${prefix}/${headers.get('content-length') ?? ''}`);
}

const LONGEST_VERSION = 200;

const limited = (version: string) =>
  version.length <= LONGEST_VERSION
    ? version
    : `digest:${createHash('sha256').update(version).digest('hex')}`;

function redirected(from: URL, to: string): URL {
  const url = URL.canParse(to, from.href) ? new URL(to, from) : null;
  const isDowngrade = from.protocol === 'https:' && url?.protocol !== 'https:';
  if (url !== null && isSafe(url) && !isDowngrade) return url;
  throw new SyncFailure('Misconfigured', `${from.host} redirects to an address without https`);
}

/** A host that wants another token says nothing of the account's other files, so it is no refused account. */
function statusFailure(answer: Response, what: string, account: string): SyncFailure {
  const { status, headers } = answer;
  const title = new URL(what).host;
  if (status === 401) {
    return new SyncFailure('Forbidden', `${title} gives ${what} to nobody without its token`, {
      hint: `give account ${account} the token: env:NAME that this host wants`,
    });
  }
  const failed = {
    status,
    retryAfter: headers.get('retry-after'),
    date: headers.get('date'),
    said: '',
  };
  return httpFailure(failed, { account, what, title });
}
