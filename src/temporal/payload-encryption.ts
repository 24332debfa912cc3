import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { LoadedDataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { SyncFailure } from '../errors.ts';
import type { EncryptionKey, EncryptionKeys } from './encryption-keys.ts';
import {
  DefaultFailureConverter,
  defaultFailureConverter,
  defaultPayloadConverter,
  messages,
} from './sdk.ts';

const { Payload: PayloadMessage } = messages.api.common.v1;

// Encoding, key id and layout (iv, ciphertext, tag) are those of Temporal's own samples, so that a codec
// server made from them shows these payloads in the Web UI.
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts payloads with the current key, if there is one, and decrypts what any known key encrypted. With
 * no key at all it still tells an encrypted payload from a broken one.
 */
export function payloadCodec({ current, known }: EncryptionKeys): PayloadCodec {
  return {
    encode: (payloads) =>
      Promise.resolve(current === null ? payloads : payloads.map((one) => encrypt(current, one))),
    decode: async (payloads) =>
      payloads.map((payload) => (isEncrypted(payload) ? decrypt(known, payload) : payload)),
  };
}

/** What a client converts with: failures' messages are encrypted as payloads are. */
export function dataConverter(keys: EncryptionKeys): LoadedDataConverter {
  return {
    payloadConverter: defaultPayloadConverter,
    // As encoded-failures.ts, which the SDK takes by its path.
    failureConverter:
      keys.current === null
        ? defaultFailureConverter
        : new DefaultFailureConverter({ encodeCommonAttributes: true }),
    payloadCodecs: [payloadCodec(keys)],
  };
}

function encrypt(key: EncryptionKey, payload: Payload): Payload {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, iv);
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(key.id) },
    data: Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(known: EncryptionKeys['known'], { metadata, data }: Payload): Payload {
  const id = textOf(metadata?.[KEY_ID]);
  const key = known.get(id);
  if (key === undefined) throw missingKey(id);
  const bytes = data ?? new Uint8Array();
  const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const plain = [decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
  return PayloadMessage.decode(Buffer.concat(plain));
}

const missingKey = (id: string) =>
  new SyncFailure(
    'CredentialMissing',
    `a payload is encrypted with key ${id}, which this process does not have`,
    { hint: 'set APPSYNC_ENCRYPTION_KEY, or list the key in APPSYNC_ENCRYPTION_OLD_KEYS' },
  );

const isEncrypted = ({ metadata }: Payload) => textOf(metadata?.['encoding']) === ENCODING;

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();
