import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerCertificate {
  /** Paths of PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A CA of its own and a certificate for localhost and 127.0.0.1 that it signed, made by openssl. */
export function makeCertificate(directory: string, name: string): ServerCertificate {
  const path = (suffix: string) => join(directory, `${name}-${suffix}`);
  const openssl = (args: string) =>
    execFileSync('openssl', args.split(' '), { cwd: directory, stdio: 'pipe' });
  const fresh = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(
    `req -x509 ${fresh} -days 2 -subj /CN=${name}-ca -keyout ${name}-ca.key -out ${name}-ca.pem`,
  );
  openssl(`req ${fresh} -subj /CN=localhost -keyout ${name}-server.key -out ${name}-server.csr`);
  writeFileSync(path('extensions'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    `x509 -req -days 2 -in ${name}-server.csr -extfile ${name}-extensions -CA ${name}-ca.pem ` +
      `-CAkey ${name}-ca.key -CAcreateserial -out ${name}-server.pem`,
  );
  return { ca: path('ca.pem'), certificate: path('server.pem'), key: path('server.key') };
}
