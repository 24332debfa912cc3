import { connect, createServer, type AddressInfo } from 'node:net';

export interface TestPooler {
  readonly url: string;
  close(): Promise<void>;
}

/** BackendKeyData of Postgres's protocol: its letter, its length, then the process id and a key. */
const KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12]);
/** Of no process. */
const OWN_ID = 2 ** 31 - 1;

/** In front of a Postgres like PgBouncer: clients get process ids that are none of the server's. */
export async function startPooler(databaseUrl: string): Promise<TestPooler> {
  const target = new URL(databaseUrl);
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    client.pipe(upstream);
    const rewrite = (chunk: Buffer) => {
      const at = chunk.indexOf(KEY_DATA);
      if (at < 0) return;
      chunk.writeInt32BE(OWN_ID, at + KEY_DATA.length);
      upstream.off('data', rewrite);
    };
    upstream.on('data', rewrite);
    upstream.pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
