import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../fixtures/tls/', import.meta.url);

type Name =
  | 'ca.pem'
  | 'server.pem'
  | 'server.key'
  | 'client.pem'
  | 'client.key'
  | 'expired.pem'
  | 'expired.key';

/** The test certificates: one CA, and by it a server on loopback and a client; and an expired one. */
export const certificate = (name: Name): Promise<string> => readFile(new URL(name, FOLDER), 'utf8');

/** Where such a file lies, for servers that read it themselves. */
export const certificatePath = (name: Name): string => fileURLToPath(new URL(name, FOLDER));
