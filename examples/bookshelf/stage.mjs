// @ts-check
// What stands in for the service while `appsync dev conformance bookshelf` examines the platform.
import { startService } from './service.mjs';

/** @returns {Promise<import('appsync/platform').ConformanceStage>} */
export async function startStage() {
  const service = await startService({ books: 120 });
  const statuses = { unauthorized: 401, 'rate-limited': 429, 'server-error': 503, 'cut-short': 0 };
  const [first = ''] = service.shelf.keys();
  return {
    token: service.token,
    base_url: service.url,
    wrong_token: 'another-token-than-that',
    ref: { shelf: 'main' },
    ids: () => [...service.shelf.keys()],
    edit: () => service.edit(first, { title: 'Another title' }),
    add: () => void service.add(),
    remove: () => void service.remove(first),
    addField: () => void service.fields.push({ id: 'isbn', name: 'ISBN', type: 'text' }),
    renameField: () => void Object.assign(service.fields[0] ?? {}, { name: 'Name' }),
    addUnknownType: () => {
      service.fields.push({ id: 'shape', name: 'Shape', type: 'polygon' });
      service.edit(first, { shape: { corners: 4 } });
    },
    addUnconvertible: () => void service.add({}, 'z'.repeat(300)),
    empty: () => ({ shelf: 'empty' }),
    failNext: (kind, times) => void service.fail(statuses[kind], times),
    advanceClock: (ms) => service.advance(ms),
    requests: () => service.requests(),
    close: () => service.close(),
  };
}
