import t from 'tap';
import { checkRef, normaliseRef, type RefType, refText } from '../../rules/refs.ts';

const result = (type: RefType, value: string): string => {
  const check = checkRef({ type, value });
  return check.result === 'invalid' ? check.reason : check.result;
};

t.test('check digits of published identifiers', async (t) => {
  const valid: [RefType, string][] = [
    ['container', 'CSQU3054383'],
    ['container', 'APZU4812090'],
    ['container', 'TRHU4307252'],
    ['container', 'CMAU5127498'],
    ['container', 'CXRU1255022'],
    ['mrn', '24GBQ4OPL9LU18CNZ7'],
    ['mrn', '51GBLFUWH7WOI085M4'],
    ['mrn', '21GB3VBLB4EP954YR9'],
    ['mrn', '22GB1168DI14797408'],
    ['sscc', '106141411234567897'],
    ['sscc', '373999991234567899'],
    ['sscc', '373323995756893927'],
    ['awb', '08301203226'],
    ['awb', '08199876545'],
    ['vessel', '9321483'],
    ['parcel', '1Z999AA10123456784'],
    ['parcel', '1Z5R89390357567127'],
    ['parcel', 'CQ964395186DE'],
    ['parcel', 'RB123456785GB'],
    ['itn', 'X20170101987654'],
  ];
  for (const [type, value] of valid) t.equal(result(type, value), 'valid', `${type} ${value}`);
  const wrong: [RefType, string][] = [
    ['container', 'GMCU6094137'],
    ['container', 'MSKU1234567'],
    ['container', 'TCNU1772549'],
    ['mrn', '18GBJP3OS8Y5KKS9I9'],
    ['sscc', '106141411234567890'],
    ['awb', '08301203225'],
    ['vessel', '9330141'],
    ['parcel', '1Z999AA10123456785'],
    ['parcel', 'CQ964395187DE'],
  ];
  for (const [type, value] of wrong) t.equal(result(type, value), 'check-digit-wrong', `${type} ${value}`);
  const unusual: [RefType, string][] = [
    ['container', 'APNR7744962'],
    ['container', 'MSKU123456'],
    ['mrn', '24GBQ4'],
    ['itn', 'X20171341987654'],
    ['itn', 'X20170229987654'],
    ['entry', '12'],
  ];
  for (const [type, value] of unusual) t.equal(result(type, value), 'shape-unusual', `${type} ${value}`);
  t.equal(result('order', '4711'), 'no-check');
  t.equal(result('parcel', 'JD014600006281230704'), 'no-check');
  t.equal(result('entry', 'ABC12345678'), 'no-check');
  t.match(checkRef({ type: 'container', value: 'MSKU1234567' }), { detail: 'check digit 7, computed 5' });
});

t.test('different spellings become one identifier', async (t) => {
  const cases: [RefType, string, string, string[]][] = [
    ['container', 'CMAU 512749-8', 'container:CMAU5127498', []],
    ['container', 'cmau5127498', 'container:CMAU5127498', []],
    ['container', 'CMAU512749', 'container:CMAU5127498', ['check-digit-added']],
    ['container', 'MSKU 123456-7', 'container:MSKU1234567', ['check-digit-wrong']],
    ['container', 'APNR7744962', 'container:APNR7744962', ['shape-unusual']],
    ['awb', '083-0120 3226', 'awb:08301203226', []],
    ['sscc', '(00) 106141411234567897', 'sscc:106141411234567897', []],
    ['vessel', 'IMO 9321483', 'vessel:9321483', []],
    ['itn', 'AES X20170101987654', 'itn:X20170101987654', []],
    ['mrn', 'MRN 24gbq4opl9lu18cnz7', 'mrn:24GBQ4OPL9LU18CNZ7', []],
    ['master-bill', 'CMDU THD0479278', 'master-bill:THD0479278', ['carrier-prefix-removed']],
    ['booking', 'THD0479278', 'booking:THD0479278', []],
    ['master-bill', 'MAEU123456789', 'master-bill:MAEU123456789', []],
    ['entry', 'ABC-1234567-8', 'entry:ABC12345678', []],
    ['delivery', '0080001234', 'delivery:80001234', ['leading-zeros-removed']],
    ['house-bill', '0080001234', 'house-bill:0080001234', []],
    ['invoice', 'inv 12-3', 'invoice:INV12-3', []],
    ['correlation', ' a1B2-c3 ', 'correlation:a1B2-c3', []],
    ['ducr', '4gb123456789000-Ref1', 'ducr:4GB123456789000-REF1', []],
    ['container', 'ＣＭＡＵ5127498', 'container:CMAU5127498', []],
  ];
  for (const [type, text, canonical, flags] of cases) {
    const { ref, flags: found } = normaliseRef(type, text);
    t.equal(ref && refText(ref), canonical, `${type} "${text}"`);
    t.same(found, flags, `flags of ${type} "${text}"`);
  }
});

t.test('a placeholder names nothing', async (t) => {
  for (const text of [
    '',
    '  ',
    '-',
    'N/A',
    'na',
    'TBC',
    'tbd',
    'None',
    'null',
    '0',
    '000000',
    'unknown',
    'XXXX',
  ]) {
    t.same(normaliseRef('invoice', text), { flags: [] }, `"${text}"`);
  }
});

t.test('normalising twice changes nothing more', async (t) => {
  for (const [type, text] of [
    ['container', 'CMAU 512749'],
    ['master-bill', 'CMDUTHD0479278'],
    ['vessel', 'IMO9321483'],
    ['delivery', '0080001234'],
    ['sscc', '00106141411234567897'],
  ] as [RefType, string][]) {
    const once = normaliseRef(type, text).ref!;
    t.same(normaliseRef(type, once.value).ref, once, `${type} "${text}"`);
  }
});
