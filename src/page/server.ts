import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import { AppsyncError, EXIT, configurationError, reasonOf } from '../errors.ts';
import type { Database } from '../store/database.ts';
import { runView, sourceView } from './detail-views.ts';
import { refusal } from './guard.ts';
import { contentSecurityPolicy, layout } from './layout.ts';
import { overviewView } from './overview-view.ts';
import type { Html, ViewContext } from './parts.ts';
import { readOverview, readRunDetail, readSourceDetail } from './reading.ts';
import { lookOf } from './source-list.ts';

/** What a person can do from the page. Each throws AppsyncError when it cannot be done. */
export interface PageActions {
  /** Starts a sync of one source; gives the id of the run. */
  sync(alias: string): Promise<string>;
  pause(runId: string): Promise<void>;
  resume(runId: string): Promise<void>;
  cancel(runId: string): Promise<void>;
}

export interface PageSettings {
  readonly db: Database;
  readonly installation: string;
  readonly port: number;
  readonly now: () => number;
  readonly workflowUrl: ViewContext['workflowUrl'];
  readonly actions: PageActions;
}

export interface Page {
  /** With the key that opens it. */
  readonly url: string;
  close(): Promise<void>;
}

const COOKIE = 'appsync_key';
const LOOK_MS = 1_000;
/** A connection that nothing is sent over is taken for dead by some. */
const STILL_HERE_MS = 15_000;

/** Serves the page on 127.0.0.1. Throws a configuration error when the port is taken. */
export async function startPage(settings: PageSettings): Promise<Page> {
  const key = randomBytes(24).toString('base64url');
  const ended = new AbortController();
  let origin = '';
  const app = createApp(settings, key, () => origin, ended.signal);
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: settings.port });
  const { port } = await listening(server, settings.port);
  origin = `http://127.0.0.1:${port}`;
  return {
    url: `${origin}/?key=${key}`,
    close: async () => {
      ended.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      // Browsers keep connections, and one of them may be listening for news.
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: ServerType, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('listening', () => resolve(server.address() as AddressInfo));
    server.once('error', (error) =>
      reject(configurationError(`cannot listen on port ${port}`, 'appsync ui --port 0', error)),
    );
  });
}

function createApp(
  settings: PageSettings,
  key: string,
  origin: () => string,
  ended: AbortSignal,
): Hono {
  const app = new Hono();
  const context = (): ViewContext => ({
    now: settings.now(),
    key,
    workflowUrl: settings.workflowUrl,
  });
  app.use(async (c, next) => {
    const why = refusal(await askingOf(c), key, origin());
    if (why !== null) return c.text(`${why}\n`, 403);
    await next();
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    // Not no-referrer: browsers would send forms with the origin `null`.
    c.header('referrer-policy', 'same-origin');
  });
  app.get('/events', (c) => {
    const address = c.req.query('of') ?? '/';
    return streamSSE(c, async (stream) => {
      let sent = '';
      let quietSince = settings.now();
      while (!stream.aborted && !ended.aborted) {
        const view = String(await viewOf(settings, address, context()).catch(troubleView));
        const told = withoutTimes(view);
        if (told !== sent || settings.now() - quietSince > STILL_HERE_MS) {
          await stream.writeSSE({ data: JSON.stringify(view) });
          [sent, quietSince] = [told, settings.now()];
        }
        await stream.sleep(LOOK_MS);
      }
    });
  });
  app.get('*', async (c) => {
    if (c.req.query('key') !== undefined) {
      setCookie(c, COOKIE, key, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return c.redirect(c.req.path, 303);
    }
    const { pathname, search } = new URL(c.req.url);
    const view = await viewOf(settings, pathname + search, context());
    return view === null
      ? document(c, 'not found', html`<p>There is no such page.</p>`, 404)
      : document(c, 'appsync', view);
  });
  addActions(app, settings.actions);
  app.onError((error, c) => {
    const status = error instanceof AppsyncError && error.exitCode === EXIT.usage ? 409 : 503;
    return document(c, 'not done', troubleView(error), status);
  });
  return app;
}

async function askingOf(c: Context) {
  const { method } = c.req;
  const form = method === 'POST' ? await c.req.parseBody().catch(() => ({})) : {};
  const formKey = (form as Record<string, unknown>)['key'];
  return {
    method,
    host: c.req.header('host'),
    origin: c.req.header('origin'),
    key: c.req.query('key') ?? getCookie(c, COOKIE),
    formKey: typeof formKey === 'string' ? formKey : undefined,
  };
}

/** The view of a path with its query; null: there is none. */
async function viewOf(
  { db, installation }: PageSettings,
  address: string,
  context: ViewContext,
): Promise<Html | null> {
  const [path = '', query] = address.split('?');
  const look = lookOf(new URLSearchParams(query));
  if (path === '/') return overviewView(await readOverview(db), look, context);
  const [, kind, name = ''] = /^\/(runs|sources)\/([^/]+)$/.exec(path) ?? [];
  if (kind === 'runs') {
    const run = await readRunDetail(db, decodeURIComponent(name));
    return run === null ? null : runView(run, look, context);
  }
  if (kind === 'sources') {
    const source = await readSourceDetail(db, installation, decodeURIComponent(name));
    return source === null ? null : sourceView(source, context);
  }
  return null;
}

/** That a minute has passed is no news: an idle page of 2,000 sources is sent every 15 s, not every second. */
const withoutTimes = (view: string) => view.replaceAll(/(<time[^>]*>)[^<]*/g, '$1');

/** Each answers with a redirect, so that loading the page again does nothing again. */
function addActions(app: Hono, actions: PageActions): void {
  app.post('/sources/:alias/sync', async (c) =>
    c.redirect(`/runs/${await actions.sync(c.req.param('alias'))}`, 303),
  );
  for (const action of ['pause', 'resume', 'cancel'] as const) {
    app.post(`/runs/:run/${action}`, async (c) => {
      const run = c.req.param('run');
      await actions[action](run);
      return c.redirect(`/runs/${run}`, 303);
    });
  }
}

async function document(
  c: Context,
  title: string,
  body: Html,
  status: 200 | 404 | 409 | 503 = 200,
) {
  const nonce = randomBytes(16).toString('base64url');
  c.header('content-security-policy', contentSecurityPolicy(nonce));
  return c.html(await layout(title, nonce, body), status);
}

function troubleView(error: unknown): Html {
  const hint = error instanceof AppsyncError ? error.hint : undefined;
  return html`<p class="notice" role="alert">
    ${reasonOf(error)}${hint === undefined ? '' : html`<br /><code>${hint}</code>`}
  </p>`;
}
