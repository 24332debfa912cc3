import { fullUser } from './users.ts';
import type { NotionUser } from './users.ts';

export type RichText = Readonly<Record<string, unknown>> & { readonly plain_text: string };

const ANNOTATIONS = {
  bold: false,
  italic: false,
  strikethrough: false,
  underline: false,
  code: false,
  color: 'default',
} as const;
const LONGEST_ITEM = 2000;

function textItem(content: string, bold: boolean): RichText {
  return {
    type: 'text',
    text: { content, link: null },
    annotations: bold ? { ...ANNOTATIONS, bold } : ANNOTATIONS,
    plain_text: content,
    href: null,
  };
}

const isPair = (content: string, at: number) => (content.codePointAt(at) ?? 0) > 0xffff;

/** A text as the API gives it: items of at most 2,000 characters, none of them cut in two; empty is no item at all. */
export function richText(content: string, bold = false): RichText[] {
  const items: RichText[] = [];
  for (let at = 0; at < content.length;) {
    const end = at + LONGEST_ITEM;
    const to = isPair(content, end - 1) ? end - 1 : end;
    items.push(textItem(content.slice(at, to), bold));
    at = to;
  }
  return items;
}

export function userMention(user: NotionUser): RichText {
  return {
    type: 'mention',
    mention: { type: 'user', user: fullUser(user) },
    annotations: ANNOTATIONS,
    plain_text: `@${user.name}`,
    href: null,
  };
}

export function equation(expression: string): RichText {
  return {
    type: 'equation',
    equation: { expression },
    annotations: ANNOTATIONS,
    plain_text: expression,
    href: null,
  };
}

export function isRichText(value: unknown): value is readonly RichText[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === 'object' && item !== null && 'plain_text' in item)
  );
}

export const plainText = (items: readonly RichText[]) =>
  items.map((item) => item.plain_text).join('');
