import type { SimRow } from '../rows.ts';
import type { PageBody } from './bodies.ts';
import type { NotionProperty } from './properties.ts';
import type { RowOrder } from './row-order.ts';
import type { NotionUser } from './users.ts';

/** The state of the simulated Notion: what exists, and who may see it. */
export interface NotionWorkspace {
  readonly id: string;
  readonly name: string;
  readonly users: readonly NotionUser[];
  /** Ids of users who left: their traces stay, and they are listed no more. */
  readonly left: Set<string>;
  /** Bodies of pages that were edited, by page id; every other page has one made from its title. */
  readonly bodies: Map<string, PageBody>;
  readonly tokens: Map<string, NotionToken>;
  readonly databases: Map<string, NotionDatabase>;
  readonly dataSources: Map<string, NotionDataSource>;
  /** Raised by every change, for whatever is derived from the whole workspace. */
  version: number;
}

export interface NotionToken {
  readonly token: string;
  readonly bot: NotionUser;
  readonly users: 'none' | 'names' | 'emails';
  revoked: boolean;
  /** Ids of data sources; null: everything. */
  shares: Set<string> | null;
}

export interface NotionDatabase {
  readonly id: string;
  title: string;
  readonly parentPage: string;
  readonly dataSources: string[];
  readonly created: number;
  edited: number;
}

export interface NotionDataSource {
  readonly id: string;
  readonly databaseId: string;
  readonly seed: number;
  readonly awkward: boolean;
  title: string;
  properties: NotionProperty[];
  /** In the order of creation. */
  rows: SimRow[];
  readonly byId: Map<string, SimRow>;
  /** Rows that were generated with the world: what generated relations point at. */
  readonly generated: readonly SimRow[];
  nextIndex: number;
  readonly created: number;
  edited: number;
  inTrash: boolean;
  /** Raised by every change of a row. */
  version: number;
  /** Raised when rows are added or taken away. */
  rowSet: number;
  readonly orders: Map<
    string,
    { version: number; rowSet: number; rows: SimRow[]; order: RowOrder }
  >;
}

export function dataSourceOfPage(
  workspace: NotionWorkspace,
  pageId: string,
): { source: NotionDataSource; row: SimRow } | undefined {
  for (const source of workspace.dataSources.values()) {
    const row = source.byId.get(pageId);
    if (row !== undefined && row.entry === null) return { source, row };
  }
  return undefined;
}

/** Data source by id or title. */
export function findDataSource(
  workspace: NotionWorkspace,
  name: string,
): NotionDataSource | undefined {
  const byId = workspace.dataSources.get(name);
  if (byId !== undefined) return byId;
  return [...workspace.dataSources.values()].find((source) => source.title === name);
}

export function maySee(token: NotionToken, source: NotionDataSource): boolean {
  return token.shares === null || token.shares.has(source.id);
}

/** Marks a change of rows or schema, so that derived orders are made anew. */
export function touch(workspace: NotionWorkspace, source: NotionDataSource): void {
  source.version += 1;
  workspace.version += 1;
}
