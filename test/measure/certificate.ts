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
