import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A certificate for the name localhost, its own authority, and its key, as files in `folder`. */
export function makeCertificate(folder: string): { caFile: string; keyFile: string } {
  const caFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      .concat(['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'])
      .concat(['-keyout', keyFile, '-out', caFile]),
    { stdio: 'ignore' },
  );
  return { caFile, keyFile };
}

/** A certificate of its own for who comes, by the authority of `makeCertificate` in the same folder, and its key. */
export function makeClientCertificate(folder: string): { certFile: string; keyFile: string } {
  const certFile = join(folder, 'client.pem');
  const keyFile = join(folder, 'client-key.pem');
  const request = join(folder, 'client.csr');
  const run = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  run(
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=autoscaler', '-keyout', keyFile, '-out', request],
  );
  run(
    ...['x509', '-req', '-in', request, '-days', '2', '-CA', join(folder, 'cert.pem')],
    ...['-CAkey', join(folder, 'key.pem'), '-CAcreateserial', '-out', certFile],
  );
  return { certFile, keyFile };
}
