// @ts-check
// The service that the example platform reads: shelves of books over JSON, in memory. Stands in for the API that you
// write a platform for.
import { createServer } from 'node:http';

const PAGE = 100;

/** @typedef {{ id: string, created_at: string, changed_at: string, values: Record<string, unknown> }} Book */

/** Starts it on a free port of 127.0.0.1, or the one given. */
export async function startService({
  token = 'bookshelf-example-token',
  books = 250,
  port = 0,
} = {}) {
  const fields = [
    { id: 'title', name: 'Title', type: 'text' },
    { id: 'pages', name: 'Pages', type: 'number' },
    { id: 'lent', name: 'Lent out', type: 'flag' },
    { id: 'bought', name: 'Bought on', type: 'day' },
    { id: 'tags', name: 'Tags', type: 'list' },
  ];
  let clock = Date.parse('2026-01-01T00:00:00Z');
  let number = 0;
  /** Keyed by ids that grow, so that a page begins after the last one of the page before. @type {Map<string, Book>} */
  const shelf = new Map();
  const now = () => new Date(clock).toISOString();
  const add = (values = {}, named = '') => {
    number += 1;
    const id = named || `b${String(number).padStart(6, '0')}`;
    const book = { title: `Book ${number}`, pages: 100 + number, lent: number % 3 === 0 };
    const more = { bought: '2025-12-24', tags: ['paper', number] };
    shelf.set(id, {
      id,
      created_at: now(),
      changed_at: now(),
      values: { ...book, ...more, ...values },
    });
    return id;
  };
  for (let i = 0; i < books; i += 1) add();

  const answers = {
    me: () => ({ name: 'reader' }),
    shelves: () => ({
      shelves: [
        { id: 'main', title: 'Main shelf' },
        { id: 'empty', title: 'Empty shelf' },
      ],
    }),
    shelf: (/** @type {string} */ id) => ({
      id,
      title: id === 'main' ? 'Main shelf' : 'Empty shelf',
      fields,
    }),
    books: (/** @type {string} */ id, /** @type {URLSearchParams} */ query) => {
      const since = query.get('changed_since') ?? '';
      const after = query.get('after') ?? '';
      const limit = Math.min(PAGE, Number(query.get('limit') ?? PAGE));
      const all = id === 'main' ? [...shelf.values()] : [];
      const rest = all.filter((book) => book.id > after && book.changed_at >= since);
      const page = rest.slice(0, limit);
      return { books: page, next: rest.length > page.length ? page.at(-1)?.id : null };
    },
  };

  /** Statuses that the next requests get instead of an answer; 0: an answer that ends in its middle. @type {number[]} */
  const failures = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    clock += 1_000;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [, kind, id = '', list] = url.pathname.split('/');
    const send = (/** @type {number} */ status, /** @type {unknown} */ body, headers = {}) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        date: new Date(clock).toUTCString(),
        ...headers,
      });
      response.end(JSON.stringify(body));
    };
    const failure = failures.shift();
    if (failure === 0) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{', () => response.destroy());
    } else if (failure !== undefined)
      send(failure, {}, failure === 429 ? { 'retry-after': '1' } : {});
    else if (request.headers.authorization !== `Bearer ${token}`) send(401, {});
    else if (kind === 'me') send(200, answers.me());
    else if (kind === 'shelves' && id === '') send(200, answers.shelves());
    else if (kind === 'shelves' && ['main', 'empty'].includes(id)) {
      send(200, list === 'books' ? answers.books(id, url.searchParams) : answers.shelf(id));
    } else send(404, {});
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    url: `http://127.0.0.1:${address.port}`,
    token,
    fields,
    shelf,
    add,
    /** Changes a value of a book. */
    edit: (/** @type {string} */ id, /** @type {Record<string, unknown>} */ values) => {
      const book = shelf.get(id);
      if (book === undefined) throw new Error(`there is no book ${id}`);
      clock += 1_000;
      shelf.set(id, { ...book, changed_at: now(), values: { ...book.values, ...values } });
    },
    remove: (/** @type {string} */ id) => shelf.delete(id),
    /** The next requests are answered with this status. */
    fail: (/** @type {number} */ status, times = 1) => failures.push(...Array(times).fill(status)),
    /** Moves the service's clock on. */
    advance: (/** @type {number} */ ms) => void (clock += ms),
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve(undefined));
      }),
  };
}

if (process.argv[1]?.endsWith('service.mjs')) {
  const service = await startService({ port: 8700 });
  console.log(`export BOOKSHELF_TOKEN=${service.token}`);
  console.log(`export BOOKSHELF_URL=${service.url}`);
}
