import t from 'tap';
import { ATTRIBUTES } from '../../rules/attribute.ts';
import { DUTIES, everyRouteOf, INCOTERMS, ownerOf, partyOf, routesOf } from '../../rules/incoterm.ts';
import { lintRules } from '../../rules/lint.ts';
import { parseRules } from '../../rules/sla.ts';

const parse = (lines: string) =>
  parseRules([{ file: 'r.yaml', text: `rules:\n  r:\n${lines.replace(/^/gm, '    ')}\n` }], 2026);
const rule = (lines: string) => {
  const { ruleSet, problems } = parse(lines);
  t.same(problems, [], lines);
  return ruleSet.rules[0]!;
};
/** The underlined characters, the message and the fix of the one problem there is. */
const problem = (lines: string) => {
  const { problems } = parse(lines);
  t.equal(problems.length, 1, lines);
  const { line, column, length, message, fix, code } = problems[0]!;
  const text = `rules:\n  r:\n${lines.replace(/^/gm, '    ')}\n`.split('\n')[line - 1]!;
  return { under: text.slice(column - 1, column - 1 + length), message, fix, code };
};

t.test('each kind is told by its keys', async (t) => {
  const kinds: Readonly<Record<string, string>> = {
    by: 'event: delivered\nby: planned delivered',
    'calendar-date': 'from: customs.released\nto: duty.paid\ndue: 15th working day of next month',
    silence: 'from: goods.issued\nuntil: delivered\nquiet_for: 72h',
    sequence: 'event: gate.out\nnot_before: customs.released',
    reconcile: 'values: [duty.amount, duty.posted.amount]\nwithin: 2bd',
    duplicate: 'event: customs.accepted\nsame: goods.hs',
    count: 'event: customs.rejected\nat_most: 2\nuntil: customs.accepted',
    feed: 'source: broker-nl\nsilent_for: 2h',
  };
  for (const [kind, lines] of Object.entries(kinds)) t.equal(rule(lines).kind, kind);
});

t.test('what a reconcile rule compares', async (t) => {
  t.match(
    rule('values: [duty.amount of duty.assessed from customs, duty.posted.amount]\ntolerance: 0.5% or 5')
      .reconcile,
    {
      values: [
        { attribute: 'duty.amount', milestone: 'duty.assessed', source: 'customs' },
        { attribute: 'duty.posted.amount', milestone: undefined, source: undefined },
      ],
      tolerance: { share: 0.005, amount: 5 },
    },
  );
  t.match(rule('values: [a, b]\ntolerance: 3').reconcile, { tolerance: { share: 0, amount: 3 } });
  t.match(rule('values: [a, b]\ntolerance: 2 %').reconcile, { tolerance: { share: 0.02, amount: 0 } });
  t.match(problem('values: [duty.amount]'), { code: 'one-value' });
  t.match(problem('values: [duty.amount of duty.asessed, b]'), {
    under: 'duty.asessed',
    fix: 'did you mean duty.assessed?',
  });
  t.match(problem('values: [Duty Amount, b]'), { code: 'bad-value', under: 'Duty Amount' });
  for (const text of ['much', 'or 5', '5%5', '0.5% 5', '%']) {
    t.match(problem(`values: [a, b]\ntolerance: "${text}"`), { code: 'bad-tolerance' }, text);
  }
});

t.test('dates that are none, days that are none', async (t) => {
  t.match(problem('event: delivered\nby: delivered at destination'), {
    code: 'not-planned',
    under: 'delivered at destination',
    fix: /planned delivered at destination/,
  });
  t.match(problem('from: customs.released\nto: duty.paid\ndue: the ides of March'), {
    code: 'bad-date-rule',
    under: 'the ides of March',
  });
});

t.test('counts and duplicates', async (t) => {
  t.match(rule('event: customs.rejected\nat_most: 2\nwarn_at: 1\nper: shipment').count, {
    atMost: 2,
    warnAt: 1,
    per: 'shipment',
  });
  t.match(problem('event: customs.rejected\nat_most: 2\nwarn_at: 3'), {
    code: 'warn-after-breach',
    under: '3',
  });
  t.match(problem('kind: count\nevent: customs.rejected'), { code: 'missing-key' });
  t.match(problem('event: customs.accepted\nsame: [goods.hs, "HS Code"]'), { code: 'bad-value' });
});

t.test('a clock stands still while goods are under way, and only some sources prove', async (t) => {
  const found = rule(
    'from: goods.issued\nuntil: delivered\nquiet_for: 72h\npause_while: [under-way, { state: customs.hold, agency: FDA }]\nproved_by: carrier',
  );
  t.same(found.pauseWhile, [{ state: 'under-way' }, { state: 'customs.hold', agency: 'FDA' }]);
  t.same(found.provedBy, ['carrier']);
});

t.test('a day of the calendar counts business time, and needs a calendar', async (t) => {
  const parsed = parse(
    'from: customs.released\nto: duty.paid\ndue: 15th working day of next month\nnotify: desk',
  );
  t.match(lintRules(parsed, {}), [{ code: 'no-calendar' }]);
});

t.test('a rule of several steps is a chain', async (t) => {
  const { ruleSet, problems } = parse(
    'title: UK import\nlegal: true\nsteps:\n' +
      '  - { step: filed, from: arrived, to: customs.filed, within: 4h }\n' +
      '  - { step: answered, submitted: customs.filed, answered_by: customs.accepted, within: 2h, title: Answer }\n' +
      '  - { step: released, to: customs.released, within: 8h, legal: false }',
  );
  t.same(problems, []);
  t.match(ruleSet.rules, [
    { name: 'r.filed', title: 'UK import: filed', kind: 'after', legal: true },
    { name: 'r.answered', title: 'Answer', kind: 'ack', legal: true },
    {
      name: 'r.released',
      from: [{ milestone: 'customs.accepted' }],
      to: [{ milestone: 'customs.released' }],
      legal: false,
    },
  ]);
  t.match(problem('steps:\n  - { from: arrived, to: delivered, within: 2h }'), {
    code: 'missing-key',
    message: /step/,
  });
  t.match(problem('steps: often'), { code: 'wrong-type' });
  t.match(problem('steps:\n  - { step: a, from: arrived, to: deliverd, within: 2h }'), { under: 'deliverd' });
});

t.test('whom it tells and who acts may depend on the Incoterms rule', async (t) => {
  const found = rule(
    'from: arrived\nto: customs.released\nwithin: 8h\nresponsible: import\n' +
      'owner: { seller: Our broker, buyer: Their broker, else: Desk }\nnotify: { "DDP, CIP": [a, b], seller: c, else: d }',
  );
  t.equal(ownerOf(found, { incoterm: 'DDP' }), 'Our broker');
  t.equal(ownerOf(found, { incoterm: 'dap' }), 'Their broker');
  t.equal(ownerOf(found, {}), 'Desk');
  t.equal(ownerOf(found, { incoterm: 'XYZ' }), 'Desk');
  t.same(routesOf(found, { incoterm: 'DDP' }), ['a', 'b']);
  t.same(routesOf(found, { incoterm: 'EXW' }), ['d']);
  t.same(everyRouteOf(found), ['d', 'a', 'b', 'c']);
  t.match(problem('from: arrived\nto: delivered\nwithin: 8h\nowner: { seller: x }'), { code: 'no-duty' });
  t.match(problem('from: arrived\nto: delivered\nwithin: 8h\nowner: { DPD: x }'), {
    code: 'unknown-incoterm',
    under: 'DPD',
  });
});

t.test('an override replaces what was said of people', async (t) => {
  const { ruleSet, problems } = parseRules(
    [
      {
        file: 'a',
        text: 'rules:\n  r: { from: arrived, to: delivered, within: 8h, responsible: import, notify: { DDP: a, else: b } }\n',
      },
      { file: 'b', text: 'override:\n  r: { notify: { seller: c, else: d }, owner: Desk }\n' },
    ],
    2026,
  );
  t.same(problems, []);
  const [found] = ruleSet.rules;
  t.same(routesOf(found!, { incoterm: 'DDP' }), ['c']);
  t.same(routesOf(found!, { incoterm: 'EXW' }), ['d']);
  t.equal(ownerOf(found!, {}), 'Desk');
});

t.test('who carries what: under EXW the buyer everything, under DDP the seller', async (t) => {
  t.same(
    DUTIES.map((duty) => partyOf('EXW', duty)),
    ['buyer', 'buyer', 'buyer', 'buyer'],
  );
  t.same(
    DUTIES.map((duty) => partyOf('FOB', duty)),
    ['seller', 'buyer', 'buyer', 'buyer'],
  );
  t.same(
    DUTIES.map((duty) => partyOf('CIF', duty)),
    ['seller', 'seller', 'buyer', 'buyer'],
  );
  t.same(
    DUTIES.map((duty) => partyOf('DDP', duty)),
    ['seller', 'seller', 'seller', 'seller'],
  );
  t.same(INCOTERMS.toSorted(), ATTRIBUTES.incoterm!.values!.toSorted(), 'the terms that conditions may name');
});

t.test('which channels a feed rule watches, and what it expects of them', async (t) => {
  const { feed, within } = rule(
    'source: [a, b]\npartner: acme\nvia: edi\nsilent_for: 2bh\nlag: 95% within 6h',
  );
  t.match(feed, {
    ...{ sources: ['a', 'b'], partners: ['acme'], vias: ['edi'], silentFor: { text: '2bh' } },
    lag: { share: 0.95, ms: 6 * 3_600_000, text: '95% within 6h' },
  });
  t.equal(within.text, '2bh');
  t.match(rule('kind: feed\nlag: 99.5% within 1h30m').feed, {
    sources: [],
    silentFor: undefined,
    lag: { share: 0.995 },
  });
  t.match(problem('kind: feed\nsource: a'), {
    code: 'missing-key',
    fix: /silent_for: 2h, lag: 95% within 6h/,
  });
  for (const text of ['6h', '95%', '95% within', '95% within soon', '100% within 6h', '10% within 6h'])
    t.match(
      problem(`kind: feed\nlag: ${text}`),
      { code: 'bad-lag', under: text, fix: /write 95% within 6h/ },
      text,
    );
  t.match(problem('kind: feed\nvia: fax\nsilent_for: 1h'), { under: 'fax', code: 'unknown-value' });
  t.match(problem('source: a\nsilent_for: 1h\nwhen: mode == "sea"'), { under: 'when', code: 'wrong-kind' });
  t.match(problem('source: a\nsilent_for: 1h\nlegal: true'), {
    under: 'legal',
    fix: /name them with source:/,
  });
});

t.test("a ready feed rule is given names and lengths of one's own", async (t) => {
  const parsed = parseRules(
    [
      {
        file: 'p.yaml',
        text: 'rules: { f: { via: edi, silent_for: 4h, lag: 95% within 4h, mode: shadow } }',
      },
      { file: 'o.yaml', text: 'override: { f: { mode: live, source: broker, lag: 90% within 2h } }' },
    ],
    2026,
  );
  t.same(parsed.problems, []);
  t.match(parsed.ruleSet.rules[0], {
    mode: 'live',
    within: { text: '4h' },
    feed: { sources: ['broker'], vias: ['edi'], silentFor: { text: '4h' }, lag: { share: 0.9 } },
  });
  const wrong = parseRules(
    [
      {
        file: 'o.yaml',
        text: 'rules: { f: { silent_for: 4h, kind: feed } }\noverride: { f: { lag: 2h, silent_for: 1h } }',
      },
    ],
    2026,
  );
  t.match(wrong.problems, [{ code: 'bad-lag', line: 2 }]);
});
