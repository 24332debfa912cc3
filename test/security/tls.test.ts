import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectTemporal } from '../../src/client.ts';
import { simpleWorld } from '../../src/sim/simulator.ts';
import { freePort } from '../../src/stack/ports.ts';
import { ownerIds } from '../../src/stack/postgres-account.ts';
import { preparePostgres, startPostgres } from '../../src/stack/postgres-server.ts';
import { checkDatabase, openDatabase } from '../../src/store/database.ts';
import { makeCertificate, type ServerCertificate } from '../support/certificates.ts';
import { runAppsync } from '../support/cli-process.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';
import { createReapedDirectory, type ReapedDirectory } from '../support/reaped-directory.ts';
import { testTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { probe, startWorkerProcess } from '../support/worker-process.ts';

let directory: ReapedDirectory;
let server: ServerCertificate;
let stranger: ServerCertificate;

beforeAll(async () => {
  directory = await createReapedDirectory();
  server = makeCertificate(directory.path, 'server');
  stranger = makeCertificate(directory.path, 'stranger');
});
afterAll(() => directory.end());

describe('Postgres over TLS', () => {
  let address: URL;

  beforeAll(async () => {
    const data = preparePostgres(join(directory.path, 'postgres'));
    // Postgres takes only a key that belongs to its user and that nobody else may read.
    const owner = ownerIds(data.account);
    chmodSync(server.key, 0o600);
    if (owner !== null) chownSync(server.key, owner.uid, owner.gid);
    const port = await freePort();
    const log = join(directory.path, 'postgres.log');
    const { pid } = await startPostgres(data, port, log, {
      ssl: 'on',
      ssl_cert_file: server.certificate,
      ssl_key_file: server.key,
    });
    directory.watch(pid);
    address = new URL(`postgres://appsync:${data.password}@localhost:${port}/appsync`);
  });

  function verified(ca: string): string {
    const url = new URL(address);
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.set('sslrootcert', ca);
    return url.href;
  }

  it('is used when its CA is named', async () => {
    const db = openDatabase(verified(server.ca), 1);
    await checkDatabase(db);
    const { rows } = await db.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    await db.end();
    expect(rows).toEqual([{ ssl: true }]);
  });

  it('is refused with exit code 5 and a hint when another CA signed its certificate', async () => {
    const { code, stderr } = await runAppsync(['runs', 'list'], directory.path, {
      DATABASE_URL: verified(stranger.ca),
      TEMPORAL_ADDRESS: testTemporal().address,
    });
    expect(code).toBe(5);
    expect(stderr).toContain('error: the certificate of Postgres is not trusted');
    expect(stderr).toMatch(/hint: .*sslrootcert/);
    expect(stderr).not.toContain(address.password);
  });
});

describe('Temporal over TLS', () => {
  let installation: TestInstallation;
  let proxy: Server;
  let proxied: string;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    installation = await startInstallation({
      worker: 'spawned',
      world: simpleWorld({ notion: { Tasks: 30 } }),
    });
    const [host, port] = testTemporal().address.split(':');
    proxy = createServer(
      {
        cert: readFileSync(server.certificate),
        key: readFileSync(server.key),
        ALPNProtocols: ['h2'],
      },
      (socket) => {
        const upstream = connect(Number(port), host);
        sockets.add(socket);
        socket.on('error', () => upstream.destroy()).pipe(upstream);
        upstream.on('error', () => socket.destroy()).pipe(socket);
        socket.on('close', () => upstream.destroy());
      },
    );
    // A client that does not trust it breaks off.
    proxy.on('tlsClientError', () => {});
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    proxied = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await installation.close();
    proxy.close();
  });

  const withCa = (path: string) => ({
    TEMPORAL_ADDRESS: proxied,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: path,
  });

  it('is used by client and worker when its CA is named; a worker that loses it is not ready', async () => {
    const temporal = await connectTemporal({ address: undefined, env: withCa(server.ca) });
    await temporal.client.connection.workflowService.getSystemInfo({});
    await temporal.close();
    const worker = startWorkerProcess(installation, withCa(server.ca));
    const url = await worker.healthUrl();
    expect(await installation.sync()).toMatchObject({ status: 'complete', totals: { read: 30 } });
    await until(async () => (await probe(`${url}/readyz`)).status === 200);

    proxy.close();
    for (const socket of sockets) socket.destroy();
    await until(async () => (await probe(`${url}/readyz`)).status === 503);
    expect((await probe(`${url}/readyz`)).text).toContain('Temporal');
    proxy.listen(Number(proxied.split(':')[1]), '127.0.0.1');
    await until(async () => (await probe(`${url}/readyz`)).status === 200, 60);
  });

  it('is refused with exit code 5 and a hint when another CA signed its certificate', async () => {
    const refused = connectTemporal({ address: undefined, env: withCa(stranger.ca) });
    await expect(refused).rejects.toMatchObject({
      exitCode: 5,
      message: `the certificate of Temporal at ${proxied} is not trusted`,
      hint: expect.stringContaining('TEMPORAL_TLS_SERVER_CA_CERT_PATH'),
    });
    const worker = startWorkerProcess(installation, withCa(stranger.ca));
    expect((await worker.ended).code).toBe(5);
    expect(worker.log()).toContain('is not trusted');
  });

  it('is not spoken to in the clear', async () => {
    const plain = connectTemporal({ address: proxied, env: {} });
    await expect(plain).rejects.toMatchObject({ exitCode: 5 });
  });
});
