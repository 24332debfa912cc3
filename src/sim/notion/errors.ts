import type { SimAnswer } from '../exchange.ts';

/** An error that Notion answers with; messages as recorded from the live API. */
export class NotionError extends Error {
  readonly status: number;
  readonly code: string;
  readonly additional: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    detail: {
      additional?: Readonly<Record<string, unknown>>;
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = 'NotionError';
    this.status = status;
    this.code = code;
    this.additional = detail.additional;
    this.headers = detail.headers ?? {};
  }
}

export function errorAnswer(error: NotionError, requestId: string): SimAnswer {
  return {
    status: error.status,
    headers: error.headers,
    body: {
      object: 'error',
      status: error.status,
      code: error.code,
      message: error.message,
      ...(error.additional === undefined ? {} : { additional_data: error.additional }),
      request_id: requestId,
    },
  };
}

export const unauthorized = () => new NotionError(401, 'unauthorized', 'API token is invalid.');
export const invalidUrl = () => new NotionError(400, 'invalid_request_url', 'Invalid request URL.');
export const validation = (message: string) => new NotionError(400, 'validation_error', message);
export const invalidJson = () => new NotionError(400, 'invalid_json', 'Error parsing JSON body.');
export const invalidCursor = (cursor: string) =>
  validation(`The start_cursor provided is invalid: ${cursor}`);
export const restricted = (message = 'Insufficient permissions for this endpoint.') =>
  new NotionError(403, 'restricted_resource', message);

/** The accepted versions of the live API, named in the answer to an unknown one. */
const KNOWN_VERSIONS = [
  '2021-05-11',
  '2021-05-13',
  '2021-08-16',
  '2022-02-22',
  '2022-06-28',
  '2025-09-03',
  '2026-03-11',
];

export function versionError(version: string | undefined): NotionError {
  const wanted =
    version === undefined
      ? 'should be defined, instead was `undefined`'
      : `should be ${KNOWN_VERSIONS.map((known) => `\`"${known}"\``).join(', or ')}, instead was \`"${version}"\``;
  return new NotionError(
    400,
    'missing_version',
    `Notion-Version header failed validation: Notion-Version header ${wanted}.`,
  );
}

/** Deleted and unshared look alike. A missing data source is called a database, as recorded. */
export function notFound(kind: 'page' | 'database' | 'block', id: string, botId: string) {
  return new NotionError(
    404,
    'object_not_found',
    `Could not find ${kind} with ID: ${id}. Make sure the relevant pages and databases are shared with your integration.`,
    { additional: { integration_id: botId } },
  );
}

export function userNotFound(id: string, botId: string): NotionError {
  return new NotionError(
    404,
    'object_not_found',
    `Could not find user with ID: ${id}. Make sure your integration has capabilities to read user information. With those capabilities, only members and guests in the integration's workspace are visible.`,
    { additional: { integration_id: botId } },
  );
}

/** `reason` is one of the documented values of rate_limit_reason. */
export function rateLimited(waitMs: number, reason: string): NotionError {
  const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return new NotionError(
    429,
    'rate_limited',
    'You have been rate limited. Please try again in a few minutes.',
    {
      headers: { 'Retry-After': seconds },
      additional: { rate_limit_reason: reason, retry_after: seconds },
    },
  );
}
