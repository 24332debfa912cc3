import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { reasonOf } from '../../errors.ts';
import { errorCode, fileFailure, unusable } from './failures.ts';
import { arrayLines } from './json-array.ts';
import type { FileRef } from './source-ref.ts';

/** A file that can be read line by line from any byte: UTF-8, not packed, rows in lines. */
export interface PlainFile {
  readonly path: string;
  /** Where its text begins, behind a byte order mark. */
  readonly start: number;
}

/** `what` names the file for people. */
export interface GivenFile {
  readonly path: string;
  readonly what: string;
}

type Chunks = AsyncIterable<Buffer>;

/** The file itself where it is plain already, else a plain copy of it at `copy`. */
export async function plainFile(
  { path, what }: GivenFile,
  { format, encoding }: Pick<FileRef, 'format' | 'encoding'>,
  copy: string,
): Promise<PlainFile> {
  const head = await beginning(path);
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const mark = isPacked ? null : byteOrderMark(head);
  const isUtf8 = (encoding ?? mark?.encoding ?? 'utf-8') === 'utf-8';
  if (!isPacked && isUtf8 && format !== 'json') return { path, start: mark?.length ?? 0 };
  try {
    await pipeline(
      createReadStream(path),
      isPacked ? createGunzip() : new PassThrough(),
      (chunks: Chunks) => utf8(chunks, encoding),
      (chunks: Chunks) => (format === 'json' ? arrayLines(chunks, what) : chunks),
      createWriteStream(copy, { mode: 0o600 }),
    );
  } catch (thrown) {
    if (errorCode(thrown).startsWith('Z_')) {
      throw unusable(what, `cannot be unpacked: ${reasonOf(thrown)}`);
    }
    throw fileFailure(thrown, what);
  }
  return { path: copy, start: 0 };
}

async function beginning(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(3), 0, 3, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw fileFailure(thrown, path);
  }
}

const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
];

function byteOrderMark(head: Buffer) {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte));
  return mark === undefined ? null : { encoding: mark.encoding, length: mark.bytes.length };
}

/** The bytes as UTF-8 without a mark; invalid ones are left where the text is UTF-8 already, to be told row by row. */
async function* utf8(chunks: Chunks, encoding: string | null): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  let decoder: TextDecoder | null = null;
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (head !== null) {
      bytes = Buffer.concat([head, chunk]);
      head = bytes.length < 3 ? bytes : null;
      if (head !== null) continue;
      ({ bytes, decoder } = withoutMark(bytes, encoding));
    }
    yield decoder === null ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }));
  }
  if (head !== null) {
    const rest = withoutMark(head, encoding);
    yield rest.decoder === null ? rest.bytes : Buffer.from(rest.decoder.decode(rest.bytes));
  } else if (decoder !== null) yield Buffer.from(decoder.decode());
}

function withoutMark(bytes: Buffer, encoding: string | null) {
  const mark = byteOrderMark(bytes);
  const actual = encoding ?? mark?.encoding ?? 'utf-8';
  const length = mark !== null && mark.encoding === actual ? mark.length : 0;
  const decoder = actual === 'utf-8' ? null : new TextDecoder(actual);
  return { bytes: bytes.subarray(length), decoder };
}
