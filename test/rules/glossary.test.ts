import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { REASON_TEXTS, STATE_TEXTS } from '../../rules/verdict-text.ts';

const README = readFileSync(join(import.meta.dirname, '../../rules/README.md'), 'utf8');

t.test('the glossary comes first and knows every state and reason', async (t) => {
  t.match(README.match(/^## .*$/m)?.[0], '## Glossary');
  const firstCells = new Set([...README.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name));
  for (const name of [...Object.keys(STATE_TEXTS), ...Object.keys(REASON_TEXTS)]) {
    t.ok(firstCells.has(name), `${name} is explained`);
  }
});
