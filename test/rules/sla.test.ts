import t from 'tap';
import { parseRules } from '../../rules/sla.ts';
import { milestoneRefText } from '../../rules/sla-milestone.ts';

const EU = `calendars:
  nl-customs: { zone: Europe/Amsterdam, open: { Mon-Fri: "08:00-17:00" }, holidays: NL }
rules:
  eu-import-release:
    title: Customs release within 24 business hours of arrival
    when: mode == "sea" and destination.country == "NL"
    from: arrived at destination
    to: customs.released
    within: 24bh
    warn: 8bh before
    calendar: nl-customs
    pause_while: customs.hold
    wait_for_feeds: 2h
    notify: customs-desk
`;
const parse = (text: string, file = 'rules/a.yaml') => parseRules([{ file, text }], 2026);
const only = (text: string) => {
  const parsed = parse(`rules:\n  r:\n${text.replace(/^/gm, '    ')}\n`);
  t.strictSame(parsed.problems, [], text);
  return parsed.ruleSet.rules[0]!;
};

t.test('the rule of the manual', async (t) => {
  const { ruleSet, problems } = parse(EU);
  t.strictSame(problems, []);
  t.match(ruleSet.rules, [
    {
      name: 'eu-import-release',
      title: 'Customs release within 24 business hours of arrival',
      kind: 'after',
      mode: 'live',
      severity: 'warning',
      legal: false,
      from: [{ milestone: 'arrived', role: 'destination', classifier: 'actual' }],
      to: [{ milestone: 'customs.released', classifier: 'actual' }],
      within: { unit: 'business-hours', ms: 24 * 3_600_000 },
      warn: [{ unit: 'business-hours', ms: 8 * 3_600_000 }],
      calendar: 'nl-customs',
      pauseWhile: [{ state: 'customs.hold' }],
      waitForFeedsMs: 7_200_000,
      notify: ['customs-desk'],
      place: { file: 'rules/a.yaml', line: 4, column: 3 },
    },
  ]);
  t.ok(ruleSet.rules[0]!.when!.test({ mode: 'sea', 'destination.country': 'NL' }));
  // Friday 27 March 2026 15:00 in Amsterdam, 24 business hours, clocks change on the 29th.
  const due = ruleSet.calendars.get('nl-customs')!.addOpen(Date.UTC(2026, 2, 27, 14), 24 * 3_600_000);
  t.equal(new Date(due).toISOString(), '2026-04-01T10:00:00.000Z');
});

t.test('every kind, told by its keys or by name', async (t) => {
  const before = only(
    'event: export.filing.accepted\nat_least: 24h\nahead_of: [planned loaded at origin, planned departed at origin]\nlegal: true',
  );
  t.match(before, {
    kind: 'before',
    legal: true,
    severity: 'critical',
    within: { unit: 'elapsed', ms: 86_400_000 },
  });
  t.strictSame(before.to.map(milestoneRefText), ['export.filing.accepted']);
  t.strictSame(before.from.map(milestoneRefText), ['planned loaded at origin', 'planned departed at origin']);

  const dwell = only(
    'state: customs.hold\nagency: FDA\nlonger_than: 3bd\nwhen: mode == "sea" or mode == "air"',
  );
  t.match(dwell, { kind: 'dwell', within: { unit: 'business-days', days: 3 } });
  t.strictSame([...dwell.from, ...dwell.to].map(milestoneRefText), [
    'customs.hold.placed',
    'customs.hold.removed',
  ]);
  t.ok(dwell.when!.test({ mode: 'air', 'hold.agency': 'FDA' }));
  t.notOk(
    dwell.when!.test({ mode: 'sea', 'hold.agency': 'USDA' }),
    'the condition on the agency holds for both modes',
  );

  const ack = only(
    'kind: ack\nsubmitted: customs.filed\nanswered_by: [customs.accepted, customs.rejected]\nwithin: 2h',
  );
  t.match(ack, { kind: 'ack', waitForFeedsMs: 7_200_000 });
  t.strictSame(ack.to.map(milestoneRefText), ['customs.accepted', 'customs.rejected']);
});

t.test('several warnings, pauses of one agency, shadow, off', async (t) => {
  const rule = only(
    'from: arrived\nto: customs.released\nwithin: 10cd\nwarn: [3cd before, 1cd]\npause_while: { state: customs.hold, agency: FDA }\nmode: off\nnotify: [a, b]\nowner: Broker\nbasis: 19 CFR 142.2',
  );
  t.match(rule, {
    warn: [{ days: 3 }, { days: 1 }],
    pauseWhile: [{ state: 'customs.hold', agency: 'FDA' }],
    mode: 'off',
    notify: ['a', 'b'],
    owner: 'Broker',
    basis: '19 CFR 142.2',
  });
});

t.test('the version changes with what a verdict depends on, and with nothing else', async (t) => {
  const version = (text: string) => parse(text).ruleSet.rules[0]!.version;
  const base = version(EU);
  const same: [string, string][] = [
    ['title: Customs release', 'title: Release'],
    ['notify: customs-desk', 'notify: other'],
    ['wait_for_feeds: 2h', 'wait_for_feeds: 120m'],
    ['within: 24bh', 'within: "24 bh"'],
    ['title:', 'owner: broker\n    title:'],
  ];
  for (const [from, to] of same) t.equal(version(EU.replace(from, to)), base, to);
  const other: [string, string][] = [
    ['within: 24bh', 'within: 25bh'],
    ['8bh before', '7bh before'],
    ['"08:00-17:00"', '"08:00-16:00"'],
    ['holidays: NL', 'holidays: BE'],
    ['mode == "sea"', 'mode == "air"'],
    ['at destination', 'at origin'],
    ['pause_while: customs.hold', ''],
    ['wait_for_feeds: 2h', 'wait_for_feeds: 3h'],
  ];
  for (const [from, to] of other) t.not(version(EU.replace(from, to)), base, to);
  t.not(
    parse(EU.replace('notify: customs-desk', 'notify: x')).ruleSet.hash,
    parse(EU).ruleSet.hash,
    'the set tells the rest',
  );
});

t.test('each mistake is told at its own characters', async (t) => {
  const text = `rules:
  r:
    from: arrived at destnation
    to: [customs.relesed, estimated arrived]
    within: 24
    warn: 8bh after
    calendar: nl
    when: mode = "sea"
    severty: info
  s:
    event: export.filing.accepted
    at_least: 24h
    ahead_of: loaded at origin
    longer_than: 3bd
`;
  const lines = text.split('\n');
  const { problems, ruleSet } = parse(text);
  const marked = problems.map((p) => [
    p.code,
    lines[p.line - 1]!.slice(p.column - 1, p.column - 1 + p.length),
    p.fix,
  ]);
  t.strictSame(marked, [
    ['unknown-place', 'destnation', 'did you mean destination?'],
    ['unknown-milestone', 'customs.relesed', 'did you mean customs.released?'],
    ['unknown-classifier', 'estimated', 'write planned or actual'],
    ['bad-budget', '24', 'write the unit: 24h, 24bh or 24bd'],
    ['warn-after-breach', 'after', 'write 8bh before'],
    ['bad-condition', '=', 'write =='],
    ['unknown-key', 'severty', 'did you mean severity?'],
    ['not-planned', 'loaded at origin', 'write planned loaded at origin'],
    ['wrong-kind', 'longer_than', 'write kind: dwell, or use event, at_least, ahead_of'],
  ]);
  t.strictSame(ruleSet.rules, [], 'a rule with an error is not used');
});

t.test('the first plan is written so, and is another rule than the plan as it stands', async (t) => {
  const by = (date: string) => parse(`rules:\n  r: { event: delivered, by: ${date} }\n`);
  const { ruleSet } = by('[first  planned delivered at destination, delivery.promised]');
  const [ref, attribute] = ruleSet.rules[0]!.dates;
  t.same(ref, { milestone: 'delivered', role: 'destination', classifier: 'planned', first: true });
  t.same(attribute, { attribute: 'delivery.promised' });
  t.equal(milestoneRefText(ruleSet.rules[0]!.from[0]!), 'first planned delivered at destination');
  const version = (date: string) => by(date).ruleSet.rules[0]!.version;
  t.not(version('first planned delivered'), version('planned delivered'));
  const wrong = by('first delivered').problems;
  t.match(wrong, [{ code: 'unknown-classifier', length: 5, fix: 'write first planned' }]);
});

t.test('names are unique over all files, and calendars are shared between them', async (t) => {
  const [calendars, rules] = EU.split(/(?=^rules:)/m);
  const parsed = parseRules(
    [
      { file: 'a.yaml', text: rules! },
      { file: 'b.yaml', text: calendars! },
      { file: 'c.yaml', text: rules! },
    ],
    2026,
  );
  t.match(parsed.problems, [{ code: 'duplicate-rule', file: 'c.yaml', message: /a\.yaml:2/ }]);
  t.equal(parsed.problems.length, 1);
  t.match(parse(EU.replace('calendar: nl-customs', 'calendar: nl-custom')).problems, [
    { code: 'unknown-calendar', fix: 'did you mean nl-customs?' },
  ]);
});

t.test('calendars: breaks, nights, closed days, and what is wrong with them', async (t) => {
  const text = `calendars:
  a:
    zone: Europe/Amsterdam
    open: { Mon-Thu: ["08:00-12:00", "13:00-17:00"], "Fri, Sat": "22:00-06:00", Sunday: closed }
    holidays: [NL, DE-BY]
    closed: [2026-12-24]
    special: { 2026-12-31: "08:00-12:00", 2027-01-02: closed }
`;
  const { problems, calendars } = parse(text);
  t.strictSame(problems, []);
  t.match(calendars[0]!.spec, {
    open: [
      { days: [1, 2, 3, 4], from: '08:00', to: '12:00' },
      { days: [1, 2, 3, 4], from: '13:00', to: '17:00' },
      { days: [5, 6], from: '22:00', to: '06:00' },
    ],
    closed: ['2026-12-24'],
    special: [
      { date: '2026-12-31', windows: [{ from: '08:00', to: '12:00' }] },
      { date: '2027-01-02', windows: [] },
    ],
  });
  const wrong: [string, string, string][] = [
    ['zone: Europe/Amsterdam', 'zone: CET', 'unknown-zone'],
    ['zone: Europe/Amsterdam', 'zone: Europe/Amsterdamm', 'unknown-zone'],
    ['Mon-Thu', 'Mon-Thy', 'unknown-day'],
    ['Sunday: closed', 'Mon: closed', 'day-twice'],
    ['"08:00-12:00", "13', '"8-12", "13', 'bad-hours'],
    ['22:00-06:00', '22:00-22:00', 'bad-hours'],
    ['[2026-12-24]', '[24.12.2026]', 'bad-date'],
    ['2027-01-02', '2027-02-30', 'bad-date'],
    ['[NL, DE-BY]', '[XX]', 'bad-calendar'],
  ];
  for (const [from, to, code] of wrong) {
    t.match(parse(text.replace(from, to)).problems, [{ code, severity: 'error' }], `${to} is ${code}`);
  }
});

t.test('a rule on a broken calendar adds no problem of its own', async (t) => {
  const { problems } = parse(EU.replace('Europe/Amsterdam', 'CET'));
  t.match(problems, [{ code: 'unknown-zone' }]);
  t.equal(problems.length, 1);
});

t.test('a rule of another file is switched on and changed without copying it', async (t) => {
  const pack = EU.replace('notify: customs-desk', 'mode: shadow');
  const own = (text: string) =>
    parseRules(
      [
        { file: 'builtin:eu.yaml', text: pack },
        {
          file: 'own.yaml',
          text: `calendars:\n  mine: { zone: Europe/Lisbon, open: { Mon-Fri: "09:00-18:00" }, holidays: PT }\noverride:\n${text}`,
        },
      ],
      2026,
    );
  const changed = own(
    '  eu-import-release: { mode: live, notify: desk, within: 16bh, warn: [4bh], calendar: mine, owner: Us }\n',
  );
  t.strictSame(changed.problems, []);
  const [rule] = changed.ruleSet.rules;
  t.match(rule, {
    mode: 'live',
    notify: ['desk'],
    within: { ms: 16 * 3_600_000 },
    calendar: 'mine',
    owner: 'Us',
  });
  t.match(
    rule,
    { from: [{ milestone: 'arrived' }], pauseWhile: [{ state: 'customs.hold' }] },
    'the rest stays',
  );
  const plain = own('  eu-import-release: { mode: live }\n');
  t.not(rule!.version, plain.ruleSet.rules[0]!.version, 'it judges otherwise');
  t.equal(
    plain.ruleSet.rules[0]!.version,
    parse(pack).ruleSet.rules[0]!.version,
    'switched on, it judges the same',
  );
  t.match(own('  eu-import-relase: { mode: live }\n').problems, [
    { code: 'unknown-rule', file: 'own.yaml', line: 4, fix: 'did you mean eu-import-release?' },
  ]);
  t.match(own('  eu-import-release: { mod: live, within: 3, calendar: min }\n').problems, [
    { code: 'unknown-key', file: 'own.yaml' },
    { code: 'bad-budget', file: 'own.yaml' },
    { code: 'unknown-calendar', file: 'own.yaml', fix: 'did you mean mine?' },
  ]);
});

t.test('a file that is tried goes before what is in force under the same names', async (t) => {
  const inForce = `calendars:
  desk: { zone: UTC, open: { Mon-Fri: "08:00-17:00" } }
rules:
  release: { from: arrived, to: customs.released, within: 24bh, calendar: desk }
  duty: { from: duty.assessed, to: duty.posted, within: 2bd, calendar: desk }
override:
  release: { within: 20bh }
  duty: { mode: shadow }
`;
  const tried = `calendars:
  desk: { zone: UTC, open: { Mon-Sun: "00:00-24:00" } }
rules:
  release: { from: discharged, to: customs.released, within: 12bh, calendar: desk }
override:
  duty: { within: 3bd }
`;
  const { ruleSet, problems } = parseRules(
    [
      { file: 'rules.yaml', text: inForce },
      { file: 'new.yaml', text: tried, replaces: true },
    ],
    2026,
  );
  t.strictSame(problems, []);
  t.match(
    ruleSet.rules.map(({ name, from, within, mode }) => [name, from[0]?.milestone, within.text, mode]),
    [
      ['duty', 'duty.assessed', '3bd', 'live'],
      ['release', 'discharged', '12bh', 'live'],
    ],
  );
  const saturday = Date.UTC(2026, 5, 6, 12);
  t.ok(
    ruleSet.calendars.get('desk')?.openMsBetween(saturday, saturday + 1) === 1,
    'the tried calendar is open on Saturdays',
  );
});
