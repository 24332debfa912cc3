import { createServer } from 'node:net';
import {
  Runtime,
  makeTelemetryFilterString,
  type LogMetadata,
  type Logger,
  type RuntimeOptions,
} from '@temporalio/worker';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';

const HOST = '127.0.0.1';
/** Somebody may take the port between the look and the start. */
const ATTEMPTS = 5;

export interface RuntimeSettings {
  readonly log: Log;
  /** Keep the SDK's metrics: it serves them over HTTP itself and in no other way, so on this machine only. */
  readonly metrics: boolean;
}

export interface InstalledRuntime {
  /** The SDK's metrics as text; null when none are kept. */
  readonly sdkMetrics: (() => Promise<string>) | null;
}

/**
 * Sets up the SDK's native part, once per process and before anything else of it. Signals are left to the
 * caller: the SDK would take only the first one.
 */
export async function installRuntime({ log, metrics }: RuntimeSettings): Promise<InstalledRuntime> {
  const options: RuntimeOptions = {
    logger: temporalLogger(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
    },
  };
  if (!metrics) {
    Runtime.install(options);
    return { sdkMetrics: null };
  }
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      Runtime.install(withMetrics(options, port));
      return { sdkMetrics: () => readMetrics(port) };
    } catch (error) {
      if (attempt === ATTEMPTS || !/in use/i.test(reasonOf(error))) throw error;
    }
  }
}

const withMetrics = (options: RuntimeOptions, port: number): RuntimeOptions => ({
  ...options,
  telemetryOptions: {
    ...options.telemetryOptions,
    metrics: {
      prometheus: {
        bindAddress: `${HOST}:${port}`,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
  },
});

async function readMetrics(port: number): Promise<string> {
  const response = await fetch(`http://${HOST}:${port}/metrics`);
  if (!response.ok) throw new Error(`the SDK's metrics: status ${response.status}`);
  return response.text();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port: 0, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** The SDK's log lines in ours. */
function temporalLogger(log: Log): Logger {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata) =>
      log[level](meta ?? {}, message);
  const levels = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  const named = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  } as const;
  return { ...levels, log: (level, message, meta) => at(named[level])(message, meta) };
}
