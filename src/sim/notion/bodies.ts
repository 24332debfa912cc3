import type { SimRow } from '../rows.ts';
import { FILE_HOST, signature, titleOf, type ValueView } from './property-values.ts';
import type { NotionDataSource, NotionWorkspace } from './workspace.ts';

/** What is in a page, in Notion's markdown. */
export interface PageBody {
  readonly markdown: string;
  /** The answer says that it holds the beginning only. */
  readonly truncated: boolean;
  /** Ids of blocks that the answer says it lacks. */
  readonly unknownBlocks: readonly string[];
}

/** A page's body as it was edited last, else one made from its title. */
export function bodyOf(
  workspace: NotionWorkspace,
  source: NotionDataSource,
  row: SimRow,
): PageBody {
  const made = `Notes about ${titleOf(workspace, source, row)}\n`;
  return workspace.bodies.get(row.id) ?? { markdown: made, truncated: false, unknownBlocks: [] };
}

const HOSTED = new RegExp(`${FILE_HOST}/[^\\s)?]+`, 'g');

/** The markdown as it is served: links to hosted files are signed, differently on every reading. */
export const servedMarkdown = (body: PageBody, view: ValueView): string =>
  body.markdown.replace(HOSTED, (link) => `${link}?${signature(view)}`);
