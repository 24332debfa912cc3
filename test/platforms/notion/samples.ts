import type { Column, ColumnType } from '../../../src/contract/schema.ts';
import { columnTypeOf, propertyId } from '../../../src/platforms/notion/property-types.ts';

// Values in the shapes that Notion was recorded to give.

export const textItem = (text: string) => ({
  type: 'text',
  text: { content: text, link: null },
  annotations: { bold: false, code: false, color: 'default' },
  plain_text: text,
  href: null,
});

export const mention = (name: string) => ({
  type: 'mention',
  mention: { type: 'user', user: { object: 'user', id: name } },
  plain_text: `@${name}`,
  href: null,
});

export const person = (id: string) => ({
  object: 'user',
  id,
  name: 'Ada',
  avatar_url: 'https://example.com/ada.png',
  type: 'person',
  person: { email: 'ada@example.com' },
});

export const hostedFile = (signature: string) => ({
  name: 'plan.pdf',
  type: 'file',
  file: {
    url: `https://files.example.com/space/plan.pdf?X-Amz-Signature=${signature}&X-Amz-Date=${signature}`,
    expiry_time: `2026-11-23T1${signature}:00:00.000Z`,
  },
});

export type Property = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly type: string;
};

export function pageOf(
  properties: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
) {
  return {
    object: 'page',
    id: '38c9ce7b-60a4-8156-a1b7-cf948b230f66',
    created_time: '2026-06-27T17:01:00.000Z',
    last_edited_time: '2026-06-28T09:30:00.000Z',
    cover: null,
    icon: null,
    in_trash: false,
    properties,
    url: 'https://www.notion.so/38c9ce7b60a48156a1b7cf948b230f66',
    ...more,
  };
}

export function columnOf(type: string, columnType?: ColumnType, id = 'p%3Aid'): Column {
  const column_type = columnType ?? columnTypeOf({ type });
  return { id: propertyId(id), name: 'Property', column: 'property', type, column_type };
}
