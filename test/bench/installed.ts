import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an image or an installation holds beside Node itself: not an image, since none is built here. */
export interface Installed {
  /** Packages of production, without the optional ones (the embedded ClickHouse). */
  readonly packages: number;
  readonly modulesMegabytes: number;
  readonly distMegabytes: number;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly [flag: string]: unknown }>>;
}

const ROOT = join(import.meta.dirname, '../..');

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Packages inside of packages are listed by themselves.
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : bytesIn(path);
    else if (entry.isFile()) bytes += lstatSync(path).size;
  }
  return bytes;
}

/** The sizes of the files, in MB of a million bytes. */
export function measureInstalled(dir: string): Installed {
  const lock = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')) as Lock;
  const production = Object.entries(lock.packages)
    .filter(([, { dev, optional, devOptional }]) => ![dev, optional, devOptional].includes(true))
    .map(([path]) => path);
  const dist = join(dir, 'installed');
  execFileSync('sh', [join(ROOT, 'deploy/build.sh'), dist], { stdio: 'ignore' });
  const megabytes = (bytes: number): number => Math.round(bytes / 100_000) / 10;
  return {
    packages: production.length,
    modulesMegabytes: megabytes(production.reduce((sum, path) => sum + bytesIn(join(ROOT, path)), 0)),
    distMegabytes: megabytes(bytesIn(dist)),
  };
}
