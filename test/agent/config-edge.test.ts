import t from 'tap';
import { edgeOf } from '../../agent/config-edge.ts';
import { loadConfigFile } from '../../agent/config-file.ts';

const CONFIG = `role: collect
nats: { url: "nats://127.0.0.1:9" }
sources:
  plain: { nats: { subjects: [a.>] }, map: private.yaml }
  kept: { nats: { stream: HUB, subjects: [b.>] }, map: private.yaml }
  other: { nats: { subjects: [c.>] }, map: open.yaml }
  ready: { nats: { subjects: [d.>] }, map: builtin:cloudevents }
  absent: { nats: { subjects: [e.>] }, map: absent.yaml }
`;
const OPEN = `map: open
format: json
id: id
refs: { delivery: d }
events: [{ name: e, milestone: loaded, time: at }]
`;

t.test(
  'an agent at the edge knows private fields of the maps beside it, and says where it knows none',
  async (t) => {
    const cwd = t.testdir({
      'laytime.yaml': CONFIG,
      'open.yaml': OPEN,
      'private.yaml': `${OPEN}privacy: { drop: [name] }\n`,
    });
    const edge = await edgeOf(loadConfigFile('laytime.yaml', { env: () => undefined, cwd }), cwd);
    t.same([...edge.privateFields.keys()], ['plain', 'kept']);
    t.match(
      edge.problems.map(({ code, severity }) => `${severity} ${code}`),
      ['warning private-fields-unknown', 'warning private-fields-not-captured'],
    );
    t.match(edge.problems[0], { line: 8, message: /no file absent\.yaml here/ });
    const captures = edge.config!.sources.map((source) => source.kind === 'nats' && source.capture);
    t.same(captures, ['best-effort', 'auto', 'auto', 'auto', 'auto']);
  },
);
