import type { NotionCall } from './api.ts';
import { pageBlock } from './blocks.ts';
import { bodyOf, servedMarkdown } from './bodies.ts';
import { invalidUrl, notFound, restricted, userNotFound, validation } from './errors.ts';
import { databaseObject, dataSourceObject, pageObject } from './objects.ts';
import { findProperty } from './properties.ts';
import type { NotionProperty } from './properties.ts';
import { propertyItem } from './property-items.ts';
import { queryPage } from './query.ts';
import { jsonBody, pageSize, pathId, refusePagingInQuery } from './requests.ts';
import { searchPage } from './search.ts';
import { listedUser } from './users.ts';
import { dataSourceOfPage, maySee } from './workspace.ts';
import type { NotionDataSource } from './workspace.ts';

type Answer = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handle: (call: NotionCall) => Answer;
}

/** The endpoints that a read-only integration needs; whatever writes is refused. */
export const routes: readonly Route[] = [
  { method: 'GET', path: /^\/v1\/users\/me$/, handle: ownUser },
  { method: 'GET', path: /^\/v1\/users$/, handle: listUsers },
  { method: 'GET', path: /^\/v1\/users\/(?<user_id>[^/]+)$/, handle: oneUser },
  { method: 'POST', path: /^\/v1\/search$/, handle: search },
  { method: 'GET', path: /^\/v1\/databases\/(?<database_id>[^/]+)$/, handle: oneDatabase },
  { method: 'GET', path: /^\/v1\/data_sources\/(?<data_source_id>[^/]+)$/, handle: oneDataSource },
  { method: 'POST', path: /^\/v1\/data_sources\/(?<data_source_id>[^/]+)\/query$/, handle: query },
  { method: 'GET', path: /^\/v1\/pages\/(?<page_id>[^/]+)$/, handle: onePage },
  {
    method: 'GET',
    path: /^\/v1\/pages\/(?<page_id>[^/]+)\/properties\/(?<property_id>[^/]+)$/,
    handle: oneProperty,
  },
  { method: 'GET', path: /^\/v1\/pages\/(?<page_id>[^/]+)\/markdown$/, handle: markdown },
  { method: 'GET', path: /^\/v1\/blocks\/(?<block_id>[^/]+)$/, handle: oneBlock },
  { method: 'GET', path: /^\/v1\/blocks\/(?<block_id>[^/]+)\/children$/, handle: blockChildren },
  { method: 'PATCH', path: /^\/v1\/(pages|databases|data_sources|blocks)\//, handle: refuse },
  { method: 'POST', path: /^\/v1\/(pages|databases|data_sources|comments)$/, handle: refuse },
  { method: 'DELETE', path: /^\/v1\/blocks\//, handle: refuse },
];

function refuse(): never {
  throw restricted();
}

function list(type: string, results: readonly unknown[], nextCursor: string | null): Answer {
  return {
    object: 'list',
    results,
    next_cursor: nextCursor,
    has_more: nextCursor !== null,
    type,
    [type]: {},
  };
}

const seeUsers = ({ token, workspace }: NotionCall) => ({
  emails: token.users === 'emails',
  ownBot: token.bot.id,
  workspace,
});

function ownUser(call: NotionCall): Answer {
  return listedUser(call.token.bot, seeUsers(call));
}

function listUsers(call: NotionCall): Answer {
  if (call.token.users === 'none') {
    throw restricted('This integration does not have user information capabilities.');
  }
  const { users: everybody, left } = call.workspace;
  const users = [...everybody.filter(({ id }) => !left.has(id)), call.token.bot];
  const { query } = call.request;
  const size = pageSize(query.get('page_size'), 'query');
  const cursor = query.get('start_cursor');
  const start = cursor === null ? 0 : users.findIndex((user) => user.id === cursor);
  if (start < 0) throw validation(`The start_cursor provided is invalid: ${String(cursor)}`);
  const shown = users.slice(start, start + size).map((user) => listedUser(user, seeUsers(call)));
  return list('user', shown, users[start + size]?.id ?? null);
}

function oneUser(call: NotionCall): Answer {
  const id = pathId(call.path.user_id ?? '', 'user_id');
  const user = [...call.workspace.users, call.token.bot].find((candidate) => candidate.id === id);
  if (user === undefined || call.token.users === 'none') throw userNotFound(id, call.token.bot.id);
  return listedUser(user, seeUsers(call));
}

function search(call: NotionCall): Answer {
  refusePagingInQuery(call.request);
  const body = jsonBody(call.request);
  const size = pageSize(body.page_size, 'body');
  const { results, nextCursor } = searchPage(
    call.query,
    call.search,
    call.view,
    call.token,
    body,
    size,
  );
  return list('page_or_data_source', results, nextCursor);
}

function oneDatabase(call: NotionCall): Answer {
  const id = pathId(call.path.database_id ?? '', 'database_id');
  const database = call.workspace.databases.get(id);
  const visible = database?.dataSources.some((source) => {
    const found = call.workspace.dataSources.get(source);
    return found !== undefined && maySee(call.token, found);
  });
  if (database === undefined || visible !== true) {
    throw notFound('database', id, call.token.bot.id);
  }
  return databaseObject(call.view, database);
}

/** For a data source that is missing or not shared, the live API speaks of a database. */
function visibleDataSource(call: NotionCall): NotionDataSource {
  const id = pathId(call.path.data_source_id ?? '', 'data_source_id');
  const source = call.workspace.dataSources.get(id);
  if (source === undefined || !maySee(call.token, source)) {
    throw notFound('database', id, call.token.bot.id);
  }
  return source;
}

function oneDataSource(call: NotionCall): Answer {
  return dataSourceObject(call.view, visibleDataSource(call));
}

/** Properties named by `filter_properties`, by id in either encoding or by name; all without it. */
function chosenProperties(call: NotionCall, source: NotionDataSource): readonly NotionProperty[] {
  const { query: parameters } = call.request;
  const names = [
    ...parameters.getAll('filter_properties'),
    ...parameters.getAll('filter_properties[]'),
  ];
  if (names.length === 0) return source.properties;
  const chosen = names.map((name) => {
    const property = findProperty(source.properties, name);
    if (property !== undefined) return property;
    throw validation(`Could not find property with name or id: ${name}`);
  });
  return source.properties.filter((property) => chosen.includes(property));
}

function query(call: NotionCall): Answer {
  refusePagingInQuery(call.request);
  const source = visibleDataSource(call);
  const body = jsonBody(call.request);
  const size = pageSize(body.page_size, 'body');
  const properties = chosenProperties(call, source);
  // The archived rows are a partition of their own, and this world has none.
  const page =
    body.is_archived === true
      ? { rows: [], nextCursor: null, incomplete: false }
      : queryPage(call.query, source, call.token.token, body, size);
  const results = page.rows.map((row) => {
    const entry = row.entry === null ? undefined : call.workspace.dataSources.get(row.entry);
    return entry === undefined
      ? pageObject(call.view, source, row, properties)
      : dataSourceObject(call.view, entry);
  });
  const answer = list('page_or_data_source', results, page.nextCursor);
  if (!page.incomplete || !call.query.knobs.capTold) return answer;
  return {
    ...answer,
    request_status: { type: 'incomplete', incomplete_reason: 'query_result_limit_reached' },
  };
}

function visiblePage(call: NotionCall) {
  const id = pathId(call.path.page_id ?? '', 'page_id');
  const found = dataSourceOfPage(call.workspace, id);
  if (found === undefined || !maySee(call.token, found.source)) {
    throw notFound('page', id, call.token.bot.id);
  }
  return found;
}

function oneBlock(call: NotionCall): Answer {
  const id = pathId(call.path.block_id ?? '', 'block_id');
  const found = dataSourceOfPage(call.workspace, id);
  if (found === undefined || !maySee(call.token, found.source)) {
    throw notFound('block', id, call.token.bot.id);
  }
  return pageBlock(call.view, found.source, found.row);
}

function blockChildren(call: NotionCall): Answer {
  oneBlock(call);
  return list('block', [], null);
}

function onePage(call: NotionCall): Answer {
  const { source, row } = visiblePage(call);
  return pageObject(call.view, source, row, chosenProperties(call, source));
}

function oneProperty(call: NotionCall): Answer {
  const { source, row } = visiblePage(call);
  const id = decodeURIComponent(call.path.property_id ?? '');
  const property = findProperty(source.properties, id);
  if (property === undefined) throw validation(`Could not find property with name or id: ${id}`);
  const { query: parameters } = call.request;
  return propertyItem(call.view, source, row, property, {
    pageSize: pageSize(parameters.get('page_size'), 'query'),
    cursor: parameters.get('start_cursor'),
  });
}

function markdown(call: NotionCall): Answer {
  const { source, row } = visiblePage(call);
  if (row.trashed) throw invalidUrl();
  const body = bodyOf(call.workspace, source, row);
  return {
    object: 'page_markdown',
    id: row.id,
    markdown: servedMarkdown(body, call.view),
    truncated: body.truncated,
    unknown_block_ids: body.unknownBlocks,
  };
}
