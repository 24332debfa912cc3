import pino, { type Logger } from 'pino';

export type Log = Logger;

/** Structured log lines on stderr, so that stdout stays data. Tokens are never passed to it. */
export function createLog(level: string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: false }),
  );
}
