import t from 'tap';
import { type LintContext, lintRules } from '../../rules/lint.ts';
import { parseRules } from '../../rules/sla.ts';

const HEAD = `calendars:
  nl: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
`;
const CLEAN = `  r:
    from: arrived at destination
    to: customs.released
    within: 24bh
    calendar: nl
    notify: desk
`;
const context: LintContext = {
  routes: ['desk', 'finance'],
  proves: new Map([
    ['broker', ['customs.released', 'customs.filed']],
    ['carrier', ['arrived', 'customs.hold.placed']],
  ]),
  years: { fromYear: 2026, toYear: 2027 },
};
const lint = (text: string, change: Partial<LintContext> = {}) => {
  const parsed = parseRules([{ file: 'r.yaml', text }], 2026);
  t.strictSame(parsed.problems, []);
  return lintRules(parsed, { ...context, ...change });
};
const codes = (text: string, change?: Partial<LintContext>) => lint(text, change).map((p) => p.code);

t.test('a rule with nothing to say about', async (t) => {
  t.strictSame(lint(HEAD + CLEAN), []);
});

t.test('attributes that no map sets, and values they never have', async (t) => {
  const when = (text: string) => lint(`${HEAD}${CLEAN}    when: ${text}\n`);
  t.match(when('destnation.country == "NL"'), [
    { code: 'unknown-attribute', severity: 'warning', fix: 'did you mean destination.country?', line: 10 },
  ]);
  t.match(when('mode == "see"'), [{ code: 'never-true', fix: /sea/ }]);
  t.match(when('mode in ["sea", "ocean"] or not "SEA" == mode'), [
    { message: /"ocean"/ },
    { message: /"SEA"/ },
  ]);
  t.match(when('pieces == "3"'), [{ code: 'never-true', message: /number/ }]);
  t.strictSame(when('mode == "sea" and pieces == 3'), []);
  t.strictSame(
    codes(`${HEAD}${CLEAN}    when: cost.center == "4711"\n`, { attributes: ['cost.center'] }),
    [],
  );
});

t.test('a rule that never starts, one that can never be proved', async (t) => {
  t.match(lint(HEAD + CLEAN.replace('arrived at', 'discharged at')), [
    { code: 'never-starts', message: /discharged at destination/, line: 5, column: 11 },
  ]);
  t.match(lint(HEAD + CLEAN.replace('customs.released', '[delivered, gate.out]')), [
    { code: 'never-proved', message: /delivered, gate\.out/ },
  ]);
  t.strictSame(
    codes(HEAD + CLEAN.replace('customs.released', '[delivered, customs.released]')),
    [],
    'one alternative is enough',
  );
  t.strictSame(
    codes(HEAD + CLEAN.replace('from: arrived', 'from: planned departed')),
    [],
    'a plan may come without its actual',
  );
  const { proves: _, ...unknown } = context;
  const parsed = parseRules([{ file: 'r.yaml', text: HEAD + CLEAN.replace('arrived', 'loaded') }], 2026);
  t.strictSame(lintRules(parsed, unknown), [], 'what is not known is not checked');
});

t.test('a before rule starts with its plan and is proved by its event', async (t) => {
  const rule =
    '  b: { event: export.filing.accepted, at_least: 24h, ahead_of: planned loaded at origin, notify: desk }\n';
  t.strictSame(codes(`rules:\n${rule}`), ['never-proved']);
});

t.test('warnings that come too early or not at all', async (t) => {
  t.match(lint(`${HEAD}${CLEAN}    warn: 30bh before\n`), [{ code: 'warn-before-start', fix: /24bh/ }]);
  t.match(
    lint(`${HEAD}${CLEAN}    warn: 24bh before\n`),
    [{ code: 'warn-before-start' }],
    'at the start is too early too',
  );
  t.strictSame(codes(`${HEAD}${CLEAN}    warn: 23bh before\n`), []);
  const before =
    'rules:\n  b: { event: customs.released, at_least: 2h, ahead_of: planned arrived, warn: 24h, notify: desk }\n';
  t.strictSame(codes(before), [], 'ahead of a plan there is time');
});

t.test('budgets and calendars that do not fit', async (t) => {
  t.strictSame(codes(`rules:\n${CLEAN.replace('    calendar: nl\n', '')}`), ['no-calendar']);
  t.strictSame(codes(HEAD + CLEAN.replace('24bh', '24h')), ['calendar-unused']);
  t.match(lint(HEAD + CLEAN.replace('    calendar: nl\n', '').replace('24bh', '24h')), [
    { code: 'calendar-unused', line: 2, message: /no rule uses/ },
  ]);
});

t.test('calendars without holidays, or with those of some years', async (t) => {
  t.strictSame(codes((HEAD + CLEAN).replace(', holidays: NL', '')), ['no-holidays']);
  const dated = (dates: string) => (HEAD + CLEAN).replace('holidays: NL', `closed: [${dates}]`);
  t.match(lint(dated('2026-12-25')), [{ code: 'uncovered-years', message: /2027/ }]);
  t.strictSame(codes(dated('2026-12-25, 2027-12-25')), []);
});

t.test('whom it tells', async (t) => {
  t.match(lint(HEAD + CLEAN.replace('desk', 'finanse')), [
    { code: 'unknown-route', severity: 'error', fix: 'did you mean finance?', column: 13, length: 7 },
  ]);
  t.strictSame(codes(HEAD + CLEAN.replace('    notify: desk\n', '')), ['no-route']);
  t.strictSame(
    codes(HEAD + CLEAN.replace('notify: desk', 'mode: shadow')),
    [],
    'a shadow tells nobody by design',
  );
});

t.test('a ready pack stays silent about what is not switched on', async (t) => {
  const pack = {
    file: 'builtin:x.yaml',
    text: HEAD + CLEAN.replace('arrived', 'discharged').replace('notify: desk', 'mode: shadow'),
  };
  const own = { file: 'own.yaml', text: 'override:\n  r: { mode: live, notify: dsk }\n' };
  t.strictSame(lintRules(parseRules([pack], 2026), context), []);
  t.match(lintRules(parseRules([pack, own], 2026), context), [
    { code: 'never-starts', file: 'builtin:x.yaml' },
    { code: 'unknown-route', file: 'own.yaml', line: 2, column: 28, length: 3 },
  ]);
});

/** The underlined characters of each problem, with its code. */
const underlined = (text: string, change?: Partial<LintContext>) =>
  lint(text, change).map(({ code, line, column, length }) => [
    code,
    text.split('\n')[line - 1]!.slice(column - 1, column - 1 + length),
  ]);

t.test('the very word of a condition is underlined', async (t) => {
  const when = (text: string) => underlined(`${HEAD}${CLEAN}    when: ${text}\n`);
  t.same(when('mode == "sea" and exists(destnation.country) or destnation.country == "NL"'), [
    ['unknown-attribute', 'destnation.country'],
  ]);
  t.same(when(`'mode in ["sea", "ocean"] and origin.contry matches "^N"'`), [
    ['never-true', '"ocean"'],
    ['unknown-attribute', 'origin.contry'],
  ]);
  t.same(when('pieces == "3"'), [['never-true', '"3"']]);
  const dwell = `${HEAD}  r: { kind: dwell, state: customs.hold, agency: FDA, longer_than: 3bd, calendar: nl, when: 'mod == "sea"', notify: desk }\n`;
  t.same(underlined(dwell, { proves: new Map([['a', ['customs.hold.placed', 'customs.hold.removed']]]) }), [
    ['unknown-attribute', 'mod'],
  ]);
});

t.test('attributes that by, values and same name', async (t) => {
  const known = { proves: new Map([['a', ['delivered', 'customs.accepted', 'duty.assessed'] as const]]) };
  const rules = `rules:
  b: { event: delivered, by: [planned delivered, delivery.promissed], notify: desk }
  v: { values: [duty.amount of duty.assessed, duty.posted.amont], notify: desk }
  s: { event: customs.accepted, same: [goods.hs, goods.valu], notify: desk }
`;
  t.same(underlined(rules, known), [
    ['unknown-attribute', 'delivery.promissed'],
    ['unknown-attribute', 'duty.posted.amont'],
    ['unknown-attribute', 'goods.valu'],
  ]);
  t.match(lint(rules, known)[1], { fix: 'did you mean duty.posted.amount?' });
  t.same(
    underlined(rules, { ...known, attributes: ['delivery.promissed', 'duty.posted.amont', 'goods.valu'] }),
    [],
  );
});

t.test('warnings and pauses that do nothing', async (t) => {
  const known = {
    proves: new Map([
      [
        'a',
        [
          'gate.out',
          'customs.released',
          'customs.rejected',
          'arrived',
          'customs.hold.placed',
          'customs.hold.removed',
        ] as const,
      ],
    ]),
  };
  const one = (rule: string) =>
    underlined(`${HEAD}  r: { ${rule}, calendar: nl, notify: desk }\n`, known).filter(
      ([code]) => code !== 'calendar-unused',
    );
  t.same(one('event: gate.out, not_before: customs.released, warn: 2h'), [['warn-unused', '2h']]);
  t.same(one('event: customs.rejected, at_most: 2, warn: 2h'), [['warn-unused', '2h']]);
  t.same(one('kind: feed, lag: 95% within 1h, warn: 10m'), [['warn-unused', '10m']]);
  t.same(one('event: gate.out, not_before: customs.released, pause_while: customs.hold'), [
    ['pause-unused', 'customs.hold'],
  ]);
  t.same(
    one('event: customs.released, at_least: 2bh, ahead_of: planned arrived, pause_while: customs.hold'),
    [['pause-unused', 'customs.hold']],
  );
  t.same(one('state: customs.hold, longer_than: 3bd, pause_while: customs.hold'), [
    ['never-runs', 'customs.hold'],
  ]);
  t.same(one('from: arrived, to: customs.released, within: 8bh, warn: 2bd'), [['warn-before-start', '2bd']]);
  t.same(one('from: arrived, to: customs.released, within: 8bh, warn: 60h'), [], 'over a weekend it is none');
});

t.test('rules that can never matter beside another one', async (t) => {
  const rule = (name: string, more: string) =>
    `  ${name}: { from: arrived, to: customs.released, calendar: nl, notify: desk, ${more} }\n`;
  const shadowed = (...rules: readonly string[]) =>
    underlined(HEAD + rules.join('')).flatMap(([code, word]) => (code === 'shadowed' ? [word] : []));
  const a = rule('a', 'within: 8bh');
  t.same(shadowed(a, rule('b', 'within: 24bh')), ['b'], 'longer, and tells nobody else');
  t.same(shadowed(rule('b', 'within: 24bh'), a), ['b'], 'in whatever order they are written');
  t.same(shadowed(a, rule('b', 'within: 8bh')), ['b'], 'the same again');
  t.same(shadowed(a, rule('b', `within: 9bh, when: 'mode == "sea"'`)), ['b'], 'for some shipments only');
  t.match(lint(HEAD + a + rule('b', 'within: 24bh'))[0], {
    code: 'shadowed',
    message: /b can never matter: a \(r\.yaml:4\) .* allows only 8bh/,
    fix: /other routes/,
  });
  for (const different of [
    'within: 24bh, notify: [desk, finance]',
    'within: 24bh, severity: critical',
    'within: 24bh, legal: true',
    'within: 24h',
    'within: 10bh, warn: 9bh before',
    'within: 24bh, pause_while: customs.hold',
    'within: 24bh, proved_by: broker',
    'within: 4bh',
  ]) {
    const other = rule('b', different).replace(
      'notify: desk, ',
      different.includes('notify') ? '' : 'notify: desk, ',
    );
    t.notOk(shadowed(a, other).includes('b'), different);
  }
  t.same(
    shadowed(
      rule('a', `within: 8bh, when: 'mode == "air"'`),
      rule('b', `within: 24bh, when: 'mode == "sea"'`),
    ),
    [],
  );
  t.same(
    shadowed(rule('a', 'within: 8bh, mode: shadow'), rule('b', 'within: 24bh')),
    [],
    'a shadow tells nobody',
  );
  const ahead = (name: string, least: string) =>
    `  ${name}: { event: customs.filed, at_least: ${least}, ahead_of: planned arrived, notify: desk }\n`;
  t.same(shadowed(ahead('a', '24h'), ahead('b', '8h')), ['b'], 'less ahead of a plan is weaker');
});

t.test('sources that a rule names, and what they can prove', async (t) => {
  t.match(lint(`${HEAD}${CLEAN}    proved_by: [broker, brokr]\n`), [
    {
      code: 'unknown-source',
      severity: 'error',
      fix: 'did you mean broker?',
      line: 10,
      column: 25,
      length: 5,
    },
  ]);
  t.match(lint(`${HEAD}${CLEAN}    proved_by: carrier\n`), [
    { code: 'never-proved', message: /carrier cannot state customs\.released/, line: 10, column: 16 },
  ]);
  const feed = (more: string) => `rules: { r: { kind: feed, silent_for: 2h, notify: desk, ${more} } }\n`;
  t.same(underlined(feed('source: [broker, brokr]')), [['unknown-source', 'brokr']]);
  t.same(underlined(feed('source: broker')), []);
  const vias = {
    vias: new Map([
      ['broker', 'edi'],
      ['carrier', 'api'],
    ] as const),
  };
  t.match(lint(feed('via: files'), vias), [{ code: 'never-starts', fix: 'there are api, edi' }]);
  t.same(underlined(feed('via: [files, edi]'), vias), []);
  t.same(underlined(feed('via: edi, source: carrier'), vias), [['never-starts', 'edi']]);
  const values = 'rules: { v: { values: [duty.amount from broker, goods.value from sap], notify: desk } }\n';
  t.same(underlined(values), [['unknown-source', 'sap']]);
});

t.test('a calendar lists no holidays of a year ahead', async (t) => {
  const text = (HEAD + CLEAN).replace('holidays: NL', 'closed: [2026-12-25]');
  t.same(underlined(text), [['uncovered-years', '[2026-12-25]']]);
});

t.test('whoever may take longer to report than a rule waits', async (t) => {
  const lags = new Map([['broker', 6 * 3_600_000]]);
  const wait = (text: string) => underlined(`${HEAD}${CLEAN}${text}`, { lags });
  t.match(lint(HEAD + CLEAN, { lags }), [
    {
      code: 'wait-too-short',
      message: /after 2h .* broker may take 6h/,
      fix: 'write wait_for_feeds: more than 6h',
      line: 4,
    },
  ]);
  t.same(wait('    wait_for_feeds: 6h\n'), [['wait-too-short', '6h']]);
  t.same(wait('    wait_for_feeds: 7h\n'), []);
  t.same(
    underlined(HEAD + CLEAN, { lags: new Map([['carrier', 6 * 3_600_000]]) }),
    [],
    'who proves nothing here',
  );
});
