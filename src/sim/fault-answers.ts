import { randomUUID } from 'node:crypto';
import * as airtable from './airtable/errors.ts';
import type { SimAnswer } from './exchange.ts';
import * as notion from './notion/errors.ts';

type MakeAnswer = (retryAfter?: number) => SimAnswer;

function fromNotion(make: (waitMs: number) => notion.NotionError, seconds: number): MakeAnswer {
  return (retryAfter = seconds) => {
    const requestId = randomUUID();
    const answer = notion.errorAnswer(make(retryAfter * 1000), requestId);
    return { ...answer, headers: { ...answer.headers, 'x-notion-request-id': requestId } };
  };
}

const error = (
  status: number,
  code: string,
  message: string,
  additional?: Readonly<Record<string, unknown>>,
) =>
  fromNotion(
    () =>
      new notion.NotionError(status, code, message, additional === undefined ? {} : { additional }),
    0,
  );

const limited = (reason: string, seconds: number) =>
  fromNotion((waitMs) => notion.rateLimited(waitMs, reason), seconds);

const fromAirtable =
  (make: (waitMs: number, retryAfter: boolean) => airtable.AirtableError): MakeAnswer =>
  (retryAfter) =>
    airtable.errorAnswer(make((retryAfter ?? 0) * 1000, retryAfter !== undefined));

const HTML = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;

/** Failures that the live platforms are known for, as recorded or documented. */
export const FAULT_ANSWERS = {
  'notion rate limited': limited('public_api_request_rate_limit', 60),
  'notion workspace rate limited': limited('public_api_space_request_rate_limit', 300),
  /** Retrying will not help, in spite of the 429. */
  'notion blocked': limited('public_api_request_blocked', 3600),
  'notion unavailable': error(
    503,
    'service_unavailable',
    'Public API data source query is temporarily unavailable due to backend datastore timeouts. Retry with exponential backoff; if this persists, reduce page_size or narrow filters/sorts.',
    {
      endpoint_name: 'data_source_query',
      notion_error_name: 'DatastoreTimeout',
      retry_guidance: ['exponential_backoff'],
    },
  ),
  'notion overloaded': error(
    529,
    'service_overload',
    'Notion is overloaded. Please try again later.',
  ),
  'notion internal error': error(500, 'internal_server_error', 'Unexpected error occurred.'),
  'notion database unavailable': error(
    503,
    'database_connection_unavailable',
    'Notion is unavailable, please try again later.',
  ),
  'notion gateway timeout': error(504, 'gateway_timeout', 'Notion took too long to answer.'),
  'notion conflict': error(
    409,
    'conflict_error',
    'Conflict occurred while saving. Please try again.',
  ),
  'notion unauthorized': fromNotion(notion.unauthorized, 0),
  'notion restricted': fromNotion(() => notion.restricted(), 0),
  'notion invalid cursor': fromNotion(() => notion.invalidCursor('s:expired'), 0),
  'airtable rate limited': fromAirtable(airtable.rateLimited),
  'airtable billing limit': fromAirtable(airtable.billingLimit),
  'airtable server error': fromAirtable(
    () =>
      new airtable.AirtableError(
        500,
        'SERVER_ERROR',
        'Try again. If the problem persists, contact support.',
      ),
  ),
  'airtable retriable': fromAirtable(
    () =>
      new airtable.AirtableError(
        503,
        'RETRIABLE_ERROR',
        'The service is temporarily unavailable, it is safe to retry the request.',
      ),
  ),
  'airtable iterator lost': fromAirtable(airtable.iteratorLost),
  'airtable forbidden': fromAirtable(airtable.forbidden),
  'airtable unauthenticated': fromAirtable(airtable.unauthenticated),
  'bad gateway': () => ({
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: HTML('502 Bad Gateway'),
  }),
  'plain text 400': () => ({
    status: 400,
    headers: { 'content-type': 'text/plain' },
    body: '400 Bad Request',
  }),
} as const satisfies Readonly<Record<string, MakeAnswer>>;

export type FaultAnswerName = keyof typeof FAULT_ANSWERS;
