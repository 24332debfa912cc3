import { Tokenizer, TokenParser } from '@streamparser/json';
import { SyncFailure } from '../../errors.ts';
import { jsonOfAnyDepth } from '../values/json-depth.ts';
import { exactNumber } from './exact-numbers.ts';
import { errorCode, unusable } from './failures.ts';

class ExactTokenizer extends Tokenizer {
  protected override parseNumber(text: string): number {
    // The tokenizer hands on whatever this gives: its documentation says to keep long numbers as texts.
    return exactNumber(text) as number;
  }
}

const OPENING = /^\s*\[/;

/** The members of a JSON array, each as a line, one at a time whatever the array's length. */
export async function* arrayLines(
  chunks: AsyncIterable<Buffer>,
  what: string,
): AsyncGenerator<Buffer> {
  let lines: string[] = [];
  const tokenizer = new ExactTokenizer({ stringBufferSize: 65_536 });
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  tokenizer.onToken = (token) => parser.write(token);
  tokenizer.onEnd = () => {};
  parser.onValue = ({ value }) => void lines.push(`${jsonOfAnyDepth(value)}\n`);
  let beginning: string | null = '';
  try {
    for await (const chunk of chunks) {
      if (beginning !== null)
        beginning = checkBeginning(beginning + chunk.toString('latin1'), what);
      tokenizer.write(chunk);
      if (lines.length === 0) continue;
      yield Buffer.from(lines.join(''));
      lines = [];
    }
    tokenizer.end();
  } catch (thrown) {
    // What the file system or the failure itself says stays; the parser's words quote the file.
    if (thrown instanceof SyncFailure || errorCode(thrown) !== '') throw thrown;
    throw unusable(what, 'is no whole JSON array');
  }
  if (!parser.isEnded) throw unusable(what, 'is no whole JSON array');
}

/** An object has members, too, which are no records. Null once it is known that an array begins. */
function checkBeginning(text: string, what: string): string | null {
  if (OPENING.test(text)) return null;
  if (text.trim() === '') return text;
  throw unusable(what, 'is no JSON array', 'a file with an object in each line is of format jsonl');
}
