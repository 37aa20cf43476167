import { mkdirSync, writeFileSync } from 'node:fs';
import { builtText, DASHBOARDS } from './catalog.ts';

/** `node dashboards/build.ts`: writes built/*.json. A test fails when they are not what the code says. */
const folder = new URL('./built/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, build] of Object.entries(DASHBOARDS)) {
  writeFileSync(new URL(`${name}.json`, folder), builtText(build()));
  process.stdout.write(`dashboards/built/${name}.json\n`);
}
