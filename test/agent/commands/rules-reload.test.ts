// slow: starts an agent with its engines
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../support/cli.ts';
import { eventually, withTempDir } from '../../support/engines.ts';
import { startAgent } from '../../support/running.ts';

const CONFIG = `nats: embedded
clickhouse: embedded
listen: 127.0.0.1:0
sources:
  drop: { files: ., pattern: "*.json", poll: 1s, settle: 0s, map: builtin:cloudevents, partner: broker }
rules: [rules.yaml]
notify:
  desk: { log: true }
`;
const rules = (within: string): string =>
  `rules:\n  release: { title: Release, from: arrived at destination, to: customs.released, within: ${within}, notify: desk }\n`;
const ARRIVED = {
  ...{ specversion: '1.0', id: 'a', source: '/x', type: 'arrived', time: '2026-11-20T12:00:00Z' },
  data: { refs: { delivery: '80012345' }, role: 'destination', location: { unlocode: 'NLRTM' } },
};

t.test(
  'edited rules come into force in a running agent, by the API and by SIGHUP; a bad file changes nothing',
  async (t) => {
    const cwd = await withTempDir(t);
    await writeFile(join(cwd, 'laytime.yaml'), CONFIG);
    await writeFile(join(cwd, 'rules.yaml'), rules('3650d'));
    const { url, lines, hangup, stop } = await startAgent(t, cwd);
    await writeFile(join(cwd, '.a.tmp'), JSON.stringify(ARRIVED));
    await rename(join(cwd, '.a.tmp'), join(cwd, 'a.json'));
    const explained = (what: RegExp) =>
      eventually(String(what), async () => {
        const { code, out } = await cli(['rules', 'explain', 'release', '80012345', '--url', url]);
        return code === 0 && what.test(out);
      });
    await explained(/running: .*\n[\s\S]*due +2036/);

    await writeFile(join(cwd, 'rules.yaml'), rules('3000d'));
    const first = await cli(['rules', 'reload', '--url', url]);
    t.match(first, { code: 0, out: 'in force now: release\n' });
    await explained(/within 3000d of[\s\S]*due +2035/);
    t.match(await cli(['rules', 'reload', '--url', url]), { code: 0, out: 'nothing has changed\n' });

    await writeFile(join(cwd, 'rules.yaml'), rules('soon'));
    const refused = await cli(['rules', 'reload', '--url', url]);
    t.equal(refused.code, 1);
    t.match(refused.err, /rules\.yaml:2:\d+: error/);
    await explained(/within 3000d of[\s\S]*due +2035/);

    await writeFile(join(cwd, 'rules.yaml'), rules('2500d'));
    hangup();
    await explained(/within 2500d of[\s\S]*due +2033/);
    const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).event);
    t.equal(events.filter((event) => event === 'rules-reloaded').length, 3);
    t.equal(events.filter((event) => event === 'rules-refused').length, 1);
    t.notOk(
      lines.some((line) => line.includes('"event":"alert"')),
      'nobody is told of what did not happen',
    );
    t.match(await stop(), { code: 0 });
  },
);
