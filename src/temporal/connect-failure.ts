import { connect, type ConnectionOptions } from 'node:tls';
import type { loadClientConnectConfig } from '@temporalio/envconfig';
import { isCertificateError, unreachableError, type AppsyncError } from '../errors.ts';

type Options = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

const DEFAULT_ADDRESS = 'localhost:7233';
const PROBE_MS = 3_000;

/**
 * Why no connection came about, for a person (exit 5). The clients say only that it took too long when they
 * do not trust the server's certificate, so the handshake is tried once more here, without sending anything.
 */
export async function temporalUnreachable(options: Options, error: unknown): Promise<AppsyncError> {
  const address = options.address ?? DEFAULT_ADDRESS;
  const refusal = await certificateRefusal(address, options.tls);
  return refusal === null
    ? unreachableError(
        `Temporal does not answer at ${address}`,
        'check TEMPORAL_ADDRESS, or unset it to use the local stack',
        error,
      )
    : unreachableError(
        `the certificate of Temporal at ${address} is not trusted`,
        'name the CA that signed it in TEMPORAL_TLS_SERVER_CA_CERT_PATH, and the name it is for in TEMPORAL_TLS_SERVER_NAME',
        refusal,
      );
}

function certificateRefusal(address: string, tls: Options['tls']): Promise<Error | null> {
  if (tls === undefined || tls === null || tls === false) return Promise.resolve(null);
  return new Promise((resolve) => {
    const socket = connect(handshake(address, tls === true ? {} : tls));
    const end = (refusal: Error | null) => {
      socket.destroy();
      resolve(refusal);
    };
    socket.setTimeout(PROBE_MS, () => end(null));
    socket.once('secureConnect', () => end(null));
    socket.once('error', (error) => end(isCertificateError(error) ? error : null));
  });
}

function handshake(
  address: string,
  tls: Exclude<Options['tls'], boolean | null | undefined>,
): ConnectionOptions {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls;
  return {
    host,
    port: Number(port),
    ALPNProtocols: ['h2'],
    ...(serverNameOverride ? { servername: serverNameOverride } : {}),
    ...(serverRootCACertificate ? { ca: Buffer.from(serverRootCACertificate) } : {}),
    ...(clientCertPair
      ? { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }
      : {}),
  };
}
