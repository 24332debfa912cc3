import type { RecordContent } from '../session.ts';
import { cleanText } from '../values/postgres-text.ts';
import { markdownSchema, parseAnswer } from './answers.ts';
import type { Api } from './client.ts';
import { withoutQuery } from './property-values.ts';
import { serverTime } from '../server-time.ts';

/**
 * The body of a page as Notion's own markdown: one request, however long it is. A long page is cut, and
 * blocks that the token may not see are left out; both are said in the note. Of what is left out only the
 * number is told.
 */
export async function readContent(api: Api, pageId: string): Promise<RecordContent> {
  const what = `content of page ${pageId}`;
  const path = `pages/${encodeURIComponent(pageId)}/markdown`;
  const answer = await api({ method: 'get', path, what });
  const body = parseAnswer(markdownSchema, answer.body, what);
  return {
    text: cleanText(withoutSignatures(body.markdown)),
    note: noteOf(body.truncated ?? false, body.unknown_block_ids?.length ?? 0),
    read_at: serverTime(answer.date, what),
  };
}

function noteOf(isTruncated: boolean, unknownBlocks: number): string | null {
  const notes = [
    ...(isTruncated ? ['Notion cut it short: the page is too long for one answer'] : []),
    ...(unknownBlocks > 0 ? [`${unknownBlocks} blocks are missing: Notion did not give them`] : []),
  ];
  return notes.length === 0 ? null : notes.join('; ');
}

const SIGNED_URL = /https?:\/\/[^\s<>()"']+\?[^\s<>()"']*X-Amz-Signature=[^\s<>()"']*/g;

/** Links to files that Notion hosts are signed anew for every answer and die within the hour. */
const withoutSignatures = (markdown: string) => markdown.replace(SIGNED_URL, withoutQuery);
