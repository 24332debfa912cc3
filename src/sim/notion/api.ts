import { randomUUID } from 'node:crypto';
import type { SimClock } from '../clock.ts';
import type { SimAnswer, SimRequest } from '../exchange.ts';
import { FixedWindows } from '../rate-limits.ts';
import { CursorStore } from './cursors.ts';
import {
  NotionError,
  errorAnswer,
  invalidUrl,
  rateLimited,
  unauthorized,
  versionError,
} from './errors.ts';
import type { NotionKnobs } from './knobs.ts';
import type { ObjectView } from './objects.ts';
import { propertyValue } from './property-values.ts';
import type { QueryContext } from './query.ts';
import { routes } from './routes.ts';
import { SearchIndex } from './search.ts';
import type { NotionToken, NotionWorkspace } from './workspace.ts';

/** What an endpoint is called with. */
export interface NotionCall {
  readonly request: SimRequest;
  readonly token: NotionToken;
  readonly workspace: NotionWorkspace;
  readonly view: ObjectView;
  readonly query: QueryContext;
  readonly search: SearchIndex;
  /** Parts of the path that the route names. */
  readonly path: Readonly<Record<string, string>>;
}

/** The Notion API over a workspace: credential first, then version, then route, then the endpoint. */
export class NotionApi {
  readonly cursors = new CursorStore();
  readonly #workspace: NotionWorkspace;
  readonly #knobs: NotionKnobs;
  readonly #clock: SimClock;
  readonly #windows = new FixedWindows();
  readonly #search = new SearchIndex();

  constructor(workspace: NotionWorkspace, knobs: NotionKnobs, clock: SimClock) {
    this.#workspace = workspace;
    this.#knobs = knobs;
    this.#clock = clock;
  }

  answer(request: SimRequest): SimAnswer {
    const requestId = randomUUID();
    const headers = { 'x-notion-request-id': requestId };
    try {
      const body = this.#call(request);
      return { status: 200, headers, body: { ...body, request_id: requestId } };
    } catch (error) {
      if (!(error instanceof NotionError)) throw error;
      const answer = errorAnswer(error, requestId);
      return { ...answer, headers: { ...headers, ...answer.headers } };
    }
  }

  /** How objects look without a request: whole, in the newest form. */
  truthView(): ObjectView {
    return { ...this.#view('2026-03-11', 0), cuts: null };
  }

  #call(request: SimRequest): Readonly<Record<string, unknown>> {
    const token = this.#workspace.tokens.get(request.token ?? '');
    if (token === undefined || token.revoked) throw unauthorized();
    const version = request.headers['notion-version'];
    if (version === undefined || !this.#knobs.versions.includes(version)) {
      throw versionError(version);
    }
    this.#limit(token);
    for (const route of routes) {
      const match = request.method === route.method ? route.path.exec(request.path) : null;
      if (match === null) continue;
      return route.handle({
        request,
        token,
        workspace: this.#workspace,
        view: this.#view(version, request.serial),
        query: this.#query(),
        search: this.#search,
        path: match.groups ?? {},
      });
    }
    throw invalidUrl();
  }

  #limit(token: NotionToken): void {
    const { rateLimit, rateWindowMs, workspaceRateLimit } = this.#knobs;
    const now = this.#clock.elapsed();
    if (workspaceRateLimit > 0) {
      const wait = this.#windows.take('workspace', now, workspaceRateLimit, rateWindowMs);
      if (wait > 0) throw rateLimited(wait, 'public_api_space_request_rate_limit');
    }
    if (rateLimit <= 0) return;
    const wait = this.#windows.take(token.token, now, rateLimit, rateWindowMs);
    if (wait > 0) throw rateLimited(wait, 'public_api_request_rate_limit');
  }

  #view(version: string, reading: number): ObjectView {
    return {
      workspace: this.#workspace,
      now: this.#clock.now(),
      reading,
      exactTimes: this.#knobs.timeFloor === 'exact',
      version,
      cuts: this.#knobs,
      timeForm: this.#knobs.timeForm,
    };
  }

  #query(): QueryContext {
    const view = this.#view('2026-03-11', 0);
    return {
      clock: this.#clock,
      knobs: this.#knobs,
      cursors: this.cursors,
      cell: (source, row, property) => propertyValue(view, source, row, property),
    };
  }
}
