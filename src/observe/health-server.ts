import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configurationError, reasonOf } from '../errors.ts';
import { liveness, readiness, type Health, type HealthSources } from './health.ts';
import { metricsPage, type MetricSources } from './metrics-page.ts';

/** Where a worker is asked: whether to restart it, whether it takes tasks, and for its metrics. */
export const PATHS = { live: '/healthz', ready: '/readyz', metrics: '/metrics' } as const;

export interface HealthServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A probe that takes longer is given up by whoever asked. */
const SLOWEST_REQUEST_MS = 5_000;

/**
 * Answers /healthz, /readyz and /metrics over plain HTTP, without authentication: for an address that
 * only probes reach. Throws a configuration error when it cannot listen.
 */
export async function startHealthServer(
  address: { readonly host: string; readonly port: number },
  health: HealthSources,
  metrics: MetricSources,
): Promise<HealthServer> {
  const pages = new Map<string, () => Page | Promise<Page>>([
    [PATHS.live, () => healthPage(liveness(health))],
    [PATHS.ready, async () => healthPage(await readiness(health))],
    [PATHS.metrics, async () => textPage(await metricsPage(metrics))],
  ]);
  const server = createServer({ requestTimeout: SLOWEST_REQUEST_MS }, (request, response) => {
    void answer(pages, request, response);
  });
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${port}`, close: () => close(server) };
}

async function answer(
  pages: ReadonlyMap<string, () => Page | Promise<Page>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?');
  const page = await pageOf(pages.get(path), request.method).catch((error: unknown): Page => ({
    status: 500,
    type: 'text/plain',
    text: `${reasonOf(error)}\n`,
  }));
  response.writeHead(page.status, {
    'content-type': page.type,
    'content-length': Buffer.byteLength(page.text),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : page.text);
}

async function pageOf(
  page: (() => Page | Promise<Page>) | undefined,
  method: string | undefined,
): Promise<Page> {
  if (page === undefined) return { status: 404, type: 'text/plain', text: 'not found\n' };
  if (method === 'GET' || method === 'HEAD') return page();
  return { status: 405, type: 'text/plain', text: 'GET or HEAD only\n' };
}

const healthPage = ({ ok, phase, reasons }: Health): Page => ({
  status: ok ? 200 : 503,
  type: 'application/json',
  text: `${JSON.stringify({ status: ok ? 'ok' : 'unavailable', phase, reasons })}\n`,
});

const textPage = (text: string): Page => ({
  status: 200,
  type: 'text/plain; version=0.0.4; charset=utf-8',
  text,
});

function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        configurationError(
          `cannot listen on APPSYNC_HEALTH_ADDRESS ${host}:${port}`,
          'choose another port (0: any free one), or unset APPSYNC_HEALTH_ADDRESS',
          error,
        ),
      );
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
