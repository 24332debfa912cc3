import { reasonOf, SyncFailure } from '../errors.ts';
import { httpFailure, oneLine, type FailureContext } from './http-failure.ts';

/** One request for JSON. */
export interface JsonRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON with POST; without a body it is a GET. */
  readonly body?: unknown;
}

export interface JsonAnswer {
  readonly body: unknown;
  /** The server's clock, as its Date header has it. */
  readonly date: string | null;
  readonly header: (name: string) => string | null;
}

// Longer than the pause between two requests of a slow budget.
const KEEP_ALIVE_MS = 30_000;
const keepAlive = { keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS };

/** Loaded with the first request: it takes longer than most commands, which make none. */
let loading: ReturnType<typeof loadHttp> | undefined;

async function loadHttp() {
  const [{ Agent }, { exchange }] = await Promise.all([
    import('undici'),
    import('./http-exchange.ts'),
  ]);
  return { exchange, agent: new Agent(keepAlive) };
}

/**
 * Asks for JSON, headers and body under one signal. Follows no redirect: a token goes to the host it was meant for and
 * nowhere else. Throws SyncFailure, classified by status, or the reason of a cancellation. To be called through
 * `Requests.send`, which keeps the budget and gives the signal.
 */
export async function requestJson(
  { url, headers = {}, body }: JsonRequest,
  context: FailureContext & { readonly title: string },
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const { title, what } = context;
  const given = body === undefined ? {} : { 'content-type': 'application/json' };
  const { exchange, agent } = await (loading ??= loadHttp());
  let answer;
  try {
    answer = await exchange({
      url,
      method: body === undefined ? 'GET' : 'POST',
      headers: { accept: 'application/json', ...given, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      dispatcher: agent,
      signal,
    });
  } catch (thrown) {
    signal.throwIfAborted();
    const reason = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw new SyncFailure(
      'Unavailable',
      `${title} gave no answer for ${what}: ${oneLine(reasonOf(reason))}`,
    );
  }
  const { status, header, text } = answer;
  if (status < 200 || status >= 300) {
    const failed = { status, retryAfter: header('retry-after'), said: '' };
    throw httpFailure({ ...failed, date: header('date') }, context);
  }
  try {
    return { body: JSON.parse(text) as unknown, date: header('date'), header };
  } catch {
    // The parser's own message quotes the answer.
    throw new SyncFailure('Unavailable', `${title}'s answer for ${what} is not whole JSON`);
  }
}
