import type { SimAnswer } from '../exchange.ts';

/** An error that Airtable answers with. Some carry only a type: `{"error":"NOT_FOUND"}`. */
export class AirtableError extends Error {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    type: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'AirtableError';
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

export function errorAnswer(error: AirtableError): SimAnswer {
  const { status, type, message, headers } = error;
  return { status, headers, body: { error: message === '' ? type : { type, message } } };
}

export const unauthenticated = () =>
  new AirtableError(401, 'AUTHENTICATION_REQUIRED', 'Authentication required');

/** Also the answer for a base or table that does not exist. */
export const forbidden = () =>
  new AirtableError(
    403,
    'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND',
    'Invalid permissions, or the requested model was not found. Check that both your user and your token have the required permissions, and that the model names and/or ids are correct.',
  );

export const notFound = () => new AirtableError(404, 'NOT_FOUND', '');

export const invalidRequest = (
  message = 'Invalid request: parameter validation failed. Check your request data.',
) => new AirtableError(422, 'INVALID_REQUEST_UNKNOWN', message);

export const unknownField = (name: string) =>
  new AirtableError(422, 'UNKNOWN_FIELD_NAME', `Unknown field name: "${name}"`);

export const unknownView = (name: string) =>
  new AirtableError(422, 'VIEW_NAME_NOT_FOUND', `View "${name}" not found`);

export const invalidFormula = (reason: string) =>
  new AirtableError(
    422,
    'INVALID_FILTER_BY_FORMULA',
    `The formula for filtering records is invalid: ${reason}`,
  );

export const iteratorLost = () =>
  new AirtableError(
    422,
    'LIST_RECORDS_ITERATOR_NOT_AVAILABLE',
    'The iterator for this list records operation is no longer available. Start again from the first page.',
  );

export const rateLimited = (waitMs: number, retryAfter: boolean) =>
  new AirtableError(
    429,
    'RATE_LIMIT_REACHED',
    'Rate limit exceeded. Please try again later',
    retryAfter ? { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) } : {},
  );

export const billingLimit = () =>
  new AirtableError(
    429,
    'PUBLIC_API_BILLING_LIMIT_EXCEEDED',
    'API billing plan limit exceeded. Upgrade your plan or wait until the limit resets.',
  );
