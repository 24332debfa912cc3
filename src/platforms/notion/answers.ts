import { z } from 'zod';

import { SyncFailure } from '../../errors.ts';
import type { Api, ApiAnswer, ApiRequest } from './client.ts';

// What the sync relies on in answers, and no more: what is not named here is kept and not looked at.

const listSchema = z.object({
  results: z.array(z.unknown()),
  has_more: z.boolean(),
  next_cursor: z.string().nullish(),
  request_status: z.looseObject({ type: z.string() }).nullish(),
});

const textSchema = z.array(z.object({ plain_text: z.string() }));

export const propertyConfigSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string().nullish(),
});

export const dataSourceSchema = z.object({
  id: z.string(),
  title: textSchema.nullish(),
  in_trash: z.boolean().nullish(),
  properties: z.record(z.string(), propertyConfigSchema),
});

export const foundSourceSchema = z.object({
  object: z.string(),
  id: z.string(),
  title: textSchema.nullish(),
  in_trash: z.boolean().nullish(),
  parent: z.object({ database_id: z.string().nullish() }).nullish(),
});

export const databaseSchema = z.object({
  data_sources: z.array(z.object({ id: z.string(), name: z.string().nullish() })),
});

export const pagePlaceSchema = z.looseObject({
  id: z.string(),
  in_trash: z.boolean(),
  is_archived: z.boolean().nullish(),
  parent: z.looseObject({ type: z.string(), data_source_id: z.string().nullish() }),
});

export const markdownSchema = z.object({
  markdown: z.string(),
  truncated: z.boolean().nullish(),
  unknown_block_ids: z.array(z.unknown()).nullish(),
});

export const userSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  bot: z.object({ workspace_name: z.string().nullish() }).nullish(),
});

/** The answer in the shape asked for; InvalidAnswer names the places that do not fit, never their values. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const places = result.error.issues
    .slice(0, 3)
    .map((issue) => issue.path.join('.') || 'the whole');
  throw new SyncFailure(
    'InvalidAnswer',
    `Notion's answer for ${what} is not as documented: ${places.join(', ')}`,
  );
}

export function titleText(title: z.infer<typeof textSchema> | null | undefined): string {
  return title?.map((item) => item.plain_text).join('') || 'Untitled';
}

export interface ListPage {
  readonly results: readonly unknown[];
  /** Null when this page is the last. */
  readonly next: string | null;
  /** The query met Notion's limit on results: there are more, and no cursor to them. */
  readonly incomplete: boolean;
  readonly answer: ApiAnswer;
}

/** One page of a list, from `cursor`. A cursor that leads to itself is a lost one. */
export async function readPage(
  api: Api,
  request: ApiRequest,
  cursor: string | null,
  pageSize: number,
): Promise<ListPage> {
  const place = { page_size: pageSize, ...(cursor === null ? {} : { start_cursor: cursor }) };
  const answer = await api(
    request.method === 'post'
      ? { ...request, body: { ...request.body, ...place } }
      : { ...request, query: { ...request.query, ...place } },
  );
  const list = parseAnswer(listSchema, answer.body, request.what);
  const next = list.has_more ? (list.next_cursor ?? null) : null;
  if (list.has_more && next === null) {
    throw new SyncFailure('InvalidAnswer', `Notion names no cursor to the rest of ${request.what}`);
  }
  const incomplete = list.request_status?.type === 'incomplete';
  return { results: list.results, next, incomplete, answer };
}

const PAGE_SIZE = 100;
const MAX_RESTARTS = 3;

/** A whole list. Lost cursors and cursors that go round in circles begin it anew, three times. */
export async function readList(api: Api, request: ApiRequest): Promise<readonly unknown[]> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await readListOnce(api, request);
    } catch (thrown) {
      const isLost = thrown instanceof SyncFailure && thrown.type === 'CursorLost';
      if (!isLost || restarts === MAX_RESTARTS) throw thrown;
    }
  }
}

async function readListOnce(api: Api, request: ApiRequest): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  const seen = new Set<string>();
  for (let cursor: string | null = null; ;) {
    const page: ListPage = await readPage(api, request, cursor, PAGE_SIZE);
    results.push(...page.results);
    cursor = page.next;
    if (cursor === null) return results;
    if (seen.has(cursor)) throw repeatedCursor(request.what);
    seen.add(cursor);
  }
}

export const repeatedCursor = (what: string) =>
  new SyncFailure('CursorLost', `Notion gives the same cursor again for ${what}`);
