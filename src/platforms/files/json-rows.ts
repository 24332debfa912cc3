import { isUtf8 } from 'node:buffer';
import { isObject, type JsonObject } from '../values/json-object.ts';
import { cleanText } from '../values/postgres-text.ts';
import { parseExactly } from './exact-numbers.ts';
import { keptText, NEWLINE, type ParseRows, type Row } from './rows.ts';

const BLANK = /^\s*$/;
const NONE: readonly string[] = [];
const REPLACED = '\uFFFD';

/** Rows of a file that has a JSON object in each line. */
export const jsonRows: ParseRows = ({ bytes, line, isEnd, most }) => {
  const isWhole = isUtf8(bytes);
  const rows: Row[] = [];
  let at = 0;
  let lines = 0;
  while (at < bytes.length && rows.length < most) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline === -1 && !isEnd) break;
    const end = newline === -1 ? bytes.length : newline + 1;
    const piece = bytes.subarray(at, end);
    const row = rowOf(piece, line + lines, isWhole || isUtf8(piece));
    if (row !== null) rows.push(row);
    at = end;
    lines += 1;
  }
  return { rows, bytes: at, lines };
};

function rowOf(bytes: Buffer, line: number, isWhole: boolean): Row | null {
  const text = bytes.toString('utf8');
  if (BLANK.test(text)) return null;
  const broken = (why: string): Row => {
    const reason = `line ${line} ${why}`;
    return { kind: 'broken', bytes: bytes.length, text: keptText(bytes), reason };
  };
  try {
    const parsed = parseExactly(text);
    if (!isObject(parsed)) return broken('is no JSON object');
    const values = withCleanNames(parsed, text);
    const damaged = isWhole ? NONE : Object.keys(values).filter((key) => isDamaged(values[key]));
    return { kind: 'row', bytes: bytes.length, values, missing: NONE, surplus: NONE, damaged };
  } catch {
    return broken('is no JSON');
  }
}

/** Names become names of columns, which Postgres keeps: it has neither U+0000 nor half a character. */
function withCleanNames(values: JsonObject, text: string): JsonObject {
  if (!text.includes('\\u')) return values;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [cleanText(key), value]));
}

const isDamaged = (value: unknown) => (JSON.stringify(value) ?? '').includes(REPLACED);
