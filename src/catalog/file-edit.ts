import {
  isMap,
  isSeq,
  parseDocument,
  stringify,
  YAMLMap,
  YAMLSeq,
  type Document,
  type Node,
} from 'yaml';
import type { Section } from './file-schema.ts';

export interface ItemStyle {
  /** On one line. */
  readonly flow?: boolean;
  /** Stands above the item. */
  readonly comment?: string;
}

/** Adds an item to a section at its end, and the section when the file has none. */
export function addItem(
  document: Document,
  section: Section,
  item: object,
  style: ItemStyle,
): void {
  if (!isMap(document.contents)) document.contents = new YAMLMap();
  const found = document.get(section);
  const items = isSeq(found) ? found : new YAMLSeq();
  if (!isSeq(found)) document.set(section, items);
  if (items.items.length === 0) items.flow = false;
  const node = nodeOf(item);
  if (isMap(node)) {
    if (style.flow === true) node.flow = true;
    const ref = node.get('ref', true);
    if (isMap(ref)) ref.flow = true;
  }
  const comment = (style.comment ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  if (comment !== '' && node !== null) node.commentBefore = ` ${comment}`;
  items.add(node);
}

/** The document as YAML; long values stay on one line. */
export const fileText = (document: Document): string => document.toString({ lineWidth: 0 });

/** Written and read again, so that a text that looks like a number to other programs is in quotes. */
function nodeOf(item: object): Node | null {
  return parseDocument(stringify(item, { lineWidth: 0 }), { schema: 'failsafe' }).contents;
}
