import { timingSafeEqual } from 'node:crypto';

/** What of a request tells who sent it. */
export interface Asking {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Of the cookie, or of the link that was printed. */
  readonly key: string | undefined;
  /** Of a form that is sent. */
  readonly formKey: string | undefined;
}

/**
 * Why a request is refused, or null. Whoever opens the page has the key from the terminal; a site in the same
 * browser does not, cannot read it, and cannot reach this server under another name (`Host`).
 */
export function refusal(asking: Asking, key: string, origin: string): string | null {
  if (`http://${asking.host ?? ''}` !== origin) return `this page is at ${origin} only`;
  if (!isSame(asking.key, key)) return 'open the link that appsync ui printed: it holds the key';
  if (asking.method === 'GET' || asking.method === 'HEAD') return null;
  if (asking.origin !== undefined && asking.origin !== origin) return 'sent by another site';
  return isSame(asking.formKey, key)
    ? null
    : 'the form is of an earlier appsync ui: load the page again';
}

function isSame(given: string | undefined, key: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
