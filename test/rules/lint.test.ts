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
