import type { SimClock } from '../clock.ts';
import type { SimAnswer, SimRequest } from '../exchange.ts';
import { FixedWindows, SlidingWindows } from '../rate-limits.ts';
import { findTable, mayUse } from './bases.ts';
import type { AirtableAccount, AirtableBase, AirtableTable, AirtableToken } from './bases.ts';
import type { CellView } from './cells.ts';
import {
  AirtableError,
  billingLimit,
  errorAnswer,
  forbidden,
  notFound,
  rateLimited,
  unauthenticated,
} from './errors.ts';
import { fieldSchema } from './field-schemas.ts';
import type { AirtableKnobs } from './knobs.ts';
import { parametersFromBody, parametersFromQuery } from './list-parameters.ts';
import { RecordIterators, recordPage, singleRecord } from './list-records.ts';

const MONTH = 30 * 86_400_000;

/** The Airtable API over an account: credential, then limits, then the endpoint. */
export class AirtableApi {
  readonly iterators = new RecordIterators();
  readonly #account: AirtableAccount;
  readonly #knobs: AirtableKnobs;
  readonly #clock: SimClock;
  readonly #sliding = new SlidingWindows();
  readonly #months = new FixedWindows();

  constructor(account: AirtableAccount, knobs: AirtableKnobs, clock: SimClock) {
    this.#account = account;
    this.#knobs = knobs;
    this.#clock = clock;
  }

  answer(request: SimRequest): SimAnswer {
    try {
      return { status: 200, body: this.#call(request) };
    } catch (error) {
      if (error instanceof AirtableError) return errorAnswer(error);
      throw error;
    }
  }

  /** How cells of a table look without a request. */
  truthView(table: AirtableTable): CellView {
    return { account: this.#account, table, now: this.#clock.now(), reading: 0 };
  }

  #call(request: SimRequest): unknown {
    const token = this.#account.tokens.get(request.token ?? '');
    if (token === undefined || token.revoked) throw unauthenticated();
    const [, , ...parts] = request.path.split('/').map(decodeURIComponent);
    const [first = '', second = '', third = '', ...rest] = parts;
    this.#limit(token, first === 'meta' ? third : first, first !== 'meta');
    if (rest.length > 1) throw notFound();
    if (first === 'meta') return this.#meta(request, token, second, third, rest[0]);
    const base = this.#base(token, first, 'data.records:read');
    if (request.method === 'POST' && third === 'listRecords') {
      return this.#list(request, base, second, parametersFromBody(request.body));
    }
    if (request.method !== 'GET') throw forbidden();
    if (third !== '') return this.#record(request, base, second, third);
    return this.#list(request, base, second, parametersFromQuery(request.query));
  }

  #limit(token: AirtableToken, base: string, data: boolean): void {
    const { rateLimit, rateWindowMs, lockoutMs, tokenRateLimit, retryAfter } = this.#knobs;
    const now = this.#clock.elapsed();
    const { monthlyCalls } = this.#knobs;
    if (data && monthlyCalls > 0 && this.#months.take('month', now, monthlyCalls, MONTH) > 0) {
      throw billingLimit();
    }
    const take = (key: string, limit: number) => {
      const wait = limit <= 0 ? 0 : this.#sliding.take(key, now, limit, rateWindowMs, lockoutMs);
      if (wait > 0) throw rateLimited(wait, retryAfter);
    };
    take(`token ${token.token}`, tokenRateLimit);
    if (base !== '') take(`base ${base}`, rateLimit);
  }

  #meta(
    request: SimRequest,
    token: AirtableToken,
    what: string,
    baseId: string,
    rest: string | undefined,
  ): unknown {
    if (request.method !== 'GET') throw forbidden();
    if (what === 'whoami' && baseId === '') {
      const email = token.scopes.includes('user.email:read') ? { email: token.email } : {};
      return { id: token.userId, ...email };
    }
    if (what !== 'bases') throw notFound();
    if (baseId === '') return this.#bases(request, token);
    if (rest !== 'tables') throw notFound();
    const base = this.#base(token, baseId, 'schema.bases:read');
    const visible = request.query.getAll('include[]').includes('visibleFieldIds');
    return { tables: base.tables.map((table) => tableSchema(table, visible)) };
  }

  #bases(request: SimRequest, token: AirtableToken): unknown {
    if (!token.scopes.includes('schema.bases:read')) throw forbidden();
    const bases = [...this.#account.bases.values()].filter((base) => mayUse(token, base));
    const start = Number(request.query.get('offset')?.split('/')[1] ?? 0);
    const end = start + this.#knobs.basesPerPage;
    const offset = end < bases.length ? { offset: `itrBases/${end}` } : {};
    const shown = bases.slice(start, end);
    return {
      bases: shown.map(({ id, name }) => ({ id, name, permissionLevel: 'create' })),
      ...offset,
    };
  }

  #base(token: AirtableToken, id: string, scope: string): AirtableBase {
    const base = this.#account.bases.get(id);
    if (base === undefined || !mayUse(token, base) || !token.scopes.includes(scope)) {
      throw forbidden();
    }
    return base;
  }

  #view(table: AirtableTable, request: SimRequest): CellView {
    return {
      account: this.#account,
      table,
      now: this.#clock.now(),
      reading: request.serial,
    };
  }

  #list(
    request: SimRequest,
    base: AirtableBase,
    tableName: string,
    parameters: ReturnType<typeof parametersFromBody>,
  ): unknown {
    const table = findTable(base, tableName);
    if (table === undefined) throw forbidden();
    const context = { clock: this.#clock, knobs: this.#knobs, iterators: this.iterators };
    const scope = `${request.token ?? ''} ${base.id} ${table.id}`;
    const page = recordPage(context, this.#view(table, request), scope, parameters);
    return page.offset === null
      ? { records: page.records }
      : { records: page.records, offset: page.offset };
  }

  #record(request: SimRequest, base: AirtableBase, tableName: string, id: string): unknown {
    const own = findTable(base, tableName);
    const tables = own === undefined ? [] : [own, ...base.tables.filter((table) => table !== own)];
    const views = tables.map((table) => this.#view(table, request));
    const byId = request.query.get('returnFieldsByFieldId') === 'true';
    const record = singleRecord(views, id, byId);
    if (record === undefined) throw notFound();
    return record;
  }
}

function tableSchema(table: AirtableTable, visible: boolean): Record<string, unknown> {
  const visibleFieldIds = visible ? { visibleFieldIds: table.fields.map(({ id }) => id) } : {};
  return {
    id: table.id,
    name: table.name,
    primaryFieldId: table.fields[0]?.id,
    fields: table.fields.map((field) => fieldSchema(table, field)),
    views: table.views.map(({ id, name, type }) => ({ id, name, type, ...visibleFieldIds })),
  };
}
