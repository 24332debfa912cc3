import pino, { type Logger } from 'pino';
import { withoutSecrets } from './secrets.ts';

export type Log = Logger;

/** Structured log lines on stderr, so that stdout stays data. Whatever is logged, secrets are blanked in the line. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: withoutSecrets },
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
