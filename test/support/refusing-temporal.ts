import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface RefusingTemporal {
  readonly address: string;
  close(): Promise<void>;
}

/** In front of a Temporal: refuses one method of its API, as servers do that ask what a credential may. */
export async function refuseMethod(upstream: string, method: string): Promise<RefusingTemporal> {
  const temporal = connect(`http://${upstream}`);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    if (headers[':path']?.endsWith(`/${method}`) === true) {
      const refusal = { 'grpc-status': '7', 'grpc-message': 'Request unauthorized.' };
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', ...refusal },
        { endStream: true },
      );
      return;
    }
    const forwarded = temporal.request({ ...headers, ':authority': upstream });
    let trailers: IncomingHttpHeaders = {};
    forwarded.on('trailers', (given) => (trailers = given));
    forwarded.on('response', (given) => {
      stream.respond(given, { waitForTrailers: true });
      forwarded.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    for (const side of [stream, forwarded]) side.on('error', () => {});
    stream.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const session of sessions) session.destroy();
      temporal.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
