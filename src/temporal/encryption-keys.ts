import { createHash } from 'node:crypto';
import { readSecret, type Environment } from '../config.ts';
import { configurationError } from '../errors.ts';
import { rememberSecret } from '../secrets.ts';

const KEY_BYTES = 32;

export interface EncryptionKey {
  /** Eight hex digits of the key's digest: says which key it was and nothing about it. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** What payloads are encrypted with (null: they are not), and every key that may have been used. */
export interface EncryptionKeys {
  readonly current: EncryptionKey | null;
  readonly known: ReadonlyMap<string, EncryptionKey>;
}

/**
 * The keys of `APPSYNC_ENCRYPTION_KEY` and, for reading only, `APPSYNC_ENCRYPTION_OLD_KEYS` (separated by
 * commas): each 32 bytes as base64, or `env:NAME` or `file:PATH` of such a text. Throws a configuration
 * error that names the variable, never the key.
 */
export function readEncryptionKeys(env: Environment): EncryptionKeys {
  const current = readKeys('APPSYNC_ENCRYPTION_KEY', env)[0] ?? null;
  const old = readKeys('APPSYNC_ENCRYPTION_OLD_KEYS', env);
  const all = current === null ? old : [current, ...old];
  return { current, known: new Map(all.map((key) => [key.id, key])) };
}

function readKeys(variable: string, env: Environment): readonly EncryptionKey[] {
  const texts = (env[variable] ?? '').split(',').map((text) => text.trim());
  return texts
    .filter((text) => text !== '')
    .map((text) => parseKey(variable, /^(env|file):/.test(text) ? readSecret(text, env) : text));
}

function parseKey(variable: string, text: string): EncryptionKey {
  rememberSecret(text);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+=*$/.test(text)) {
    throw configurationError(
      `${variable} is not a key of ${KEY_BYTES} bytes in base64`,
      'make one with: openssl rand -base64 32',
    );
  }
  const id = createHash('sha256').update('appsync key ').update(bytes).digest('hex').slice(0, 8);
  return { id, bytes };
}
