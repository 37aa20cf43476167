import t from 'tap';
import { parseConfig } from '../../agent/config.ts';

const env: Readonly<Record<string, string>> = { HOOK: 'whsec_c2VjcmV0', TEXT: 'not base64 !' };
const access = { env: (name: string) => env[name], readFile: () => 'TEXT' };
const parse = (source: string) => {
  const text = `nats: embedded\nclickhouse: embedded\nsources:\n  s:\n    map: builtin:cloudevents\n${source.replace(/^/gm, '    ')}\n`;
  const { config, problems } = parseConfig(text, '/etc/laytime/laytime.yaml', access);
  return { source: config?.sources[0], problems, codes: problems.map(({ code }) => code) };
};

t.test('webhook: what a partner pushes', async (t) => {
  t.match(parse('webhook: /hooks/a\nverify: standard\nsecrets: { env: HOOK }'), {
    problems: [],
    source: {
      kind: 'webhook',
      path: '/hooks/a',
      listen: { host: '127.0.0.1', port: 8090 },
      scheme: { header: 'webhook-signature', answer: 200 },
      replayWindowMs: 300_000,
      maxPerMinute: 6000,
    },
  });
  const own = parse(`webhook: /hooks/a
listen: 127.0.0.1:9000
verify: { header: X-Sig, algorithm: sha512, prefix: "v=", timestamp: X-Time, id: X-Id, secret: base64, answer: 204 }
secrets: [{ env: HOOK }, { file: /run/secret }]
replay_window: 1m
max_per_minute: 60
id: /eventID
changed_at: /updated`);
  t.match(own, {
    problems: [],
    source: {
      scheme: {
        header: 'x-sig',
        algorithm: 'sha512',
        signed: '{timestamp}.{body}',
        timestampHeader: 'x-time',
        idHeader: 'x-id',
        answer: 204,
      },
      id: '/eventID',
      changedAt: '/updated',
      replayWindowMs: 60_000,
    },
  });
  t.same(parse('webhook: hooks\nverify: md5\nsecrets: { env: HOOK }').codes, ['bad-path', 'unknown-scheme']);
  t.same(parse('webhook: /a\nverify: standard').codes, ['missing-key']);
  t.same(parse('webhook: /a\nverify: standard\nsecrets: { env: TEXT }').codes, ['bad-secret']);
  t.same(parse('webhook: /a\nverify: github\nsecrets: hunter2').codes, ['literal-secret']);
  t.same(parse('webhook: /a\nlisten: 0.0.0.0:80\nverify: github\nsecrets: { env: TEXT }').codes, [
    'plain-http',
  ]);
  const unsafe = 'verify: { header: X, signed: "{id}", timestamp: T }\nsecrets: { env: TEXT }';
  t.same(parse(`webhook: /a\n${unsafe}`).codes, ['unsigned-body', 'unsigned-time']);
});

t.test('quiet hours and manners towards a host', async (t) => {
  const http = 'http: https://api.example/x\n';
  t.match(parse(`${http}concurrency: 4\nquiet_hours: { from: "22:00", to: "6:30", zone: Europe/Berlin }`), {
    problems: [],
    source: { concurrency: 4, quietHours: { fromMinute: 1320, toMinute: 390, zone: 'Europe/Berlin' } },
  });
  t.match(parse(`${http}zone: Asia/Tokyo\nquiet_hours: { from: 12:00, to: 13:00 }`), {
    problems: [],
    source: { concurrency: 1, quietHours: { zone: 'Asia/Tokyo' } },
  });
  t.same(parse(`${http}quiet_hours: { from: "22:00", to: "06:00" }`).codes, ['missing-key']);
  t.same(parse(`${http}quiet_hours: { from: "25:00", to: "06:00", zone: UTC }`).codes, ['bad-time']);
  t.same(parse(`${http}quiet_hours: { from: "06:00", to: "06:00", zone: UTC }`).codes, ['never-called']);
});

t.test('oracle, dcsa, and deltas of odata', async (t) => {
  const oracle = parse(`oracle: https://acme.fa.example/fscmRestApi/resources/11.13.18.05
resource: shipments
keys: [ShipmentId]
filter: OrganizationCode='V1'
page_size: 200`);
  t.match(oracle, {
    problems: [],
    source: {
      kind: 'oracle',
      resource: 'shipments',
      changedAt: 'LastUpdateDate',
      framework: 2,
      pageSize: 200,
    },
  });
  t.same(parse('oracle: https://acme.fa.example').codes, ['missing-key']);
  t.match(parse('dcsa: https://api.example/v3\nquery: { carrierBookingReference: ABC1 }\npage_size: 100'), {
    problems: [],
    source: { kind: 'dcsa', query: { carrierBookingReference: 'ABC1' }, overlapMs: 300_000 },
  });
  t.match(parse('odata: https://s4.example/srv\nentity: Orders\ndelta: true'), {
    problems: [],
    source: { delta: true },
  });
});

t.test('sftp: a host that must show its key', async (t) => {
  const key = `SHA256:${'A'.repeat(43)}`;
  const host = `sftp: sftp.broker.example:2222\nhost_key: ${key}\nuser: laytime\n`;
  t.match(parse(`${host}password: { env: TEXT }\ndirectory: /out\npattern: "*.edi"\nafterwards: move`), {
    problems: [],
    source: {
      kind: 'sftp',
      host: 'sftp.broker.example',
      port: 2222,
      hostKeys: [key],
      login: { kind: 'password' },
      directory: '/out',
      pollMs: 300_000,
      settleMs: 10_000,
      afterwards: 'move',
    },
  });
  t.match(parse(`${host}key: { file: id_ed25519 }\npassphrase: { env: TEXT }`), {
    problems: [],
    source: { login: { kind: 'key' }, timeoutMs: 30_000 },
  });
  t.same(parse(`${host}password: { env: TEXT }\nkey: { env: HOOK }`).codes, ['auth-kind']);
  t.same(parse(host).codes, ['auth-kind']);
  t.same(
    parse('sftp: h\nuser: u\npassword: { env: TEXT }').codes,
    ['missing-key'],
    'no key is trusted unseen',
  );
  t.same(parse('sftp: "h:x"\nuser: u\nhost_key: md5\npassword: { env: TEXT }').codes, [
    'bad-address',
    'bad-host-key',
  ]);
});
