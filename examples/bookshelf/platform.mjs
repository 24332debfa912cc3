// @ts-check
// A platform in one file: the shelves of a small HTTP service are sources, their books are records. It is loaded as a
// plug-in (see appsync.yaml here) and lives outside of src/ on purpose. docs/extending.md goes through it step by step.

/** Types of the service's fields, and the columns that they become; any other is kept as jsonb. */
const COLUMN_TYPES = /** @type {const} */ ({
  text: 'text',
  number: 'numeric',
  flag: 'boolean',
  day: 'date',
});

/** @type {import('appsync/platform').Plugin} */
export default (kit) => {
  /** @type {import('appsync/platform').Platform['createConverter']} */
  const createConverter = (columns) => (given) => {
    const book = /** @type {Record<string, any>} */ (given);
    if (typeof book?.id !== 'string')
      throw new kit.SyncFailure('InvalidAnswer', 'a book has no id');
    const values = columns.map(({ id, column_type }) =>
      kit.cellText(book.values?.[id], column_type),
    );
    const unfit = columns.filter((_, i) => values[i] === undefined);
    return {
      id: book.id,
      created_at: kit.momentText(book.created_at),
      edited_at: kit.momentText(book.changed_at),
      values: values.map((value) => value ?? null),
      errors:
        unfit.length === 0
          ? null
          : Object.fromEntries(unfit.map(({ id, column_type }) => [id, `no ${column_type}`])),
      truncated: [],
      raw: JSON.stringify(book),
      hash: kit.recordHash(book),
    };
  };

  /** @type {import('appsync/platform').Platform} */
  const platform = {
    interface_version: 1,
    name: 'bookshelf',
    title: 'Bookshelf',
    environment: { token: ['BOOKSHELF_TOKEN'], base_url: 'BOOKSHELF_URL' },
    plans: { standard: 10 },
    // The service's clock is exact to the second, and its lists show an edit at once.
    overlap_ms: 5_000,
    // A book that a whole scan does not find is deleted: the service cannot be asked for one by its id.
    located_at_once: 0,
    knownTypes: new Set([...Object.keys(COLUMN_TYPES), 'list']),
    parseRef(ref) {
      const { shelf, ...rest } = /** @type {Record<string, unknown>} */ (ref ?? {});
      const [other] = Object.keys(rest);
      if (other !== undefined) throw new Error(`ref.${other} is not known: write { shelf: … }`);
      if (typeof shelf !== 'string' || !/^\w{1,40}$/.test(shelf)) {
        throw new Error('ref.shelf must be the id of a shelf');
      }
      return { shelf };
    },
    externalId: ({ shelf = '' }) => shelf,
    createConverter,
    conformance: async () => (await import('./stage.mjs')).startStage(),

    connect(connection, requests) {
      const rule = kit.perSecond(
        `bookshelf:${connection.fingerprint}`,
        kit.requestRate(platform, connection),
      );
      const headers = { authorization: `Bearer ${connection.token}` };
      const { account, base_url = 'http://127.0.0.1:8700' } = connection;
      const get = (/** @type {string} */ path, /** @type {string} */ what) =>
        requests.send([rule], async (signal) => {
          const request = { url: new URL(path, base_url).href, headers };
          const answer = await kit.requestJson(
            request,
            { account, what, title: 'Bookshelf' },
            signal,
          );
          const body = /** @type {Record<string, any>} */ (answer.body);
          return { body, time: kit.serverTime(answer.date, what) };
        });

      return {
        async identify() {
          const { body } = await get('/me', 'its own user');
          return { name: body.name, workspace: null };
        },
        async *discover() {
          const { body } = await get('/shelves', 'the list of shelves');
          for (const { id, title } of body.shelves) {
            yield { title, ref: { shelf: id }, external_id: id };
          }
        },
        async describe({ shelf = '' }) {
          const { body, time } = await get(`/shelves/${shelf}`, `shelf ${shelf}`);
          const fields = body.fields.map((/** @type {any} */ field) => ({
            ...field,
            column_type:
              Object.entries(COLUMN_TYPES).find(([t]) => t === field.type)?.[1] ?? 'jsonb',
          }));
          return { title: body.title, external_id: shelf, fields, server_time: time };
        },
        planScan: ({ since }) => [kit.openWindow(0, { lower: since })],
        async fetchBatch({ ref: { shelf = '' }, mode, columns, window, max_records, isTimeUp }) {
          const what = `the books of shelf ${shelf}`;
          const sorted = kit.sortOut(createConverter(columns), kit.recordHash);
          let at = window;
          let pages = 0;
          let lent = 0;
          let server_time = null;
          do {
            const limit = Math.min(100, max_records);
            const query = new URLSearchParams({ limit: String(limit), after: at.cursor ?? '' });
            if (at.lower !== null) query.set('changed_since', at.lower);
            const { body, time } = await get(`/shelves/${shelf}/books?${query}`, what);
            for (const book of body.books) sorted.take(book);
            at = kit.listedTo(at, body.books.length, body.next, what);
            lent += body.books.filter((/** @type {any} */ book) => book.values.lent).length;
            server_time = time;
            pages += 1;
          } while (!at.done && sorted.size() < max_records && !isTimeUp());
          return {
            records: sorted.records(),
            rejected: sorted.rejected(),
            // `next` is null on the last page only: the service says so, and nothing else would prove it.
            windows: [{ ...at, next_batch: window.next_batch + 1 }],
            evidence: { ...kit.NO_EVIDENCE, pages, server_time, gaps: sorted.gaps(mode) },
            counts: { lent_books: lent },
          };
        },
      };
    },
  };
  return platform;
};
