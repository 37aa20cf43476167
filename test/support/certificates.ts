import { execFileSync } from 'node:child_process';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/**
 * Makes with openssl, in `dir`: a CA (`ca.pem`), and by it a certificate and key for a server on loopback (`server.pem`,
 * `server.key`) and for a client (`client.pem`, `client.key`).
 */
export function makeCertificates(dir: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '3650',
    '-subj',
    '/CN=Test CA',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  for (const name of ['server', 'client']) {
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const request = [
      '-subj',
      `/CN=${name}`,
      '-addext',
      names,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    ];
    openssl('req', ...KEY, ...request);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '3650', '-out', `${name}.pem`);
  }
}
