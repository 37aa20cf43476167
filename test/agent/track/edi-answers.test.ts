import t from 'tap';
import { buildJudge, type JudgeSettings } from '../../../agent/track/build.ts';
import { loadBuiltinMap } from '../../../collectors/maps/compile.ts';
import { bytesIn, hubSettings, takeAll, toldAt } from '../../support/judge.ts';

const RULES = `
rules:
  answered:
    title: Interchange acknowledged within 4 hours
    submitted: edi.sent
    answered_by: edi.acknowledged
    within: 4h
    notify: desk
`;

/** Ours, and what the receiver sends back. */
function judgeOf(sent: string, answers: string, shipmentIs: JudgeSettings['shipmentIs']) {
  const settings = hubSettings({ rules: RULES });
  const one = (name: string, map: string) => {
    const compiled = loadBuiltinMap(map);
    const source: JudgeSettings['sources'][number] = {
      identity: { name, tenant: 'default', partner: name, fallbackZone: 'UTC', zone: 'UTC' },
      map: compiled,
    };
    const channel = { ...settings.channels[0]!, name, partners: [name], proves: compiled.proves };
    return { source, channel };
  };
  const parts = [one('ours', sent), one('theirs', answers)];
  return buildJudge({
    ...settings,
    shipmentIs,
    sources: parts.map(({ source }) => source),
    channels: parts.map(({ channel }) => channel),
  });
}

const at = (clock: string): number => Date.parse(`2026-03-01T${clock}:00Z`);
const from = (source: string, text: string, clock: string, sequence: number) => ({
  ...bytesIn(text, at(clock), sequence),
  source,
});

const declaration = (interchange: string, clock: string) =>
  `UNB+UNOC:3+BROKER+CUSTOMS+260301:${clock}+${interchange}'UNH+1+CUSDEC:D:96B:UN'BGM+929+LRN-${interchange}+9'DTM+137:202603010800:203'UNT+4+1'UNZ+1+${interchange}'`;
const contrl = (interchange: string, clock: string, more: string) =>
  `UNB+UNOC:3+CUSTOMS+BROKER+260301:${clock}+C1'UNH+1+CONTRL:D:3:UN'UCI+${interchange}+BROKER+CUSTOMS+${more}'UNT+3+1'UNZ+1+C1'`;

t.test(
  'CONTRL answers the declaration of its interchange, a refusal too; another stays unanswered',
  async (t) => {
    const judge = judgeOf('edifact-cusdec', 'edifact-contrl', 'lrn');
    const { alerts, deadLetters } = takeAll(judge, [
      from('ours', declaration('I1', '0800'), '08:00', 1),
      from('ours', declaration('I2', '0800'), '08:00', 2),
      from('theirs', contrl('I1', '1000', '4+23'), '10:00', 3),
      from('ours', declaration('I3', '1300'), '13:00', 4),
      from('theirs', contrl('I3', '1310', '7'), '13:10', 5),
    ]);
    t.same(deadLetters, []);
    t.same(toldAt(alerts), ['03-01T13:10 fired answered'], 'I2, once they were heard again');
  },
);

const ISA = (sender: string) =>
  `ISA*00*          *00*          *ZZ*${sender.padEnd(15)}*ZZ*OTHER          *260301*0800*U*00401*000000001*0*P*>~`;
const manifest = (group: string) =>
  `${ISA('LINE')}GS*SO*LINE*CBP*20260301*0800*${group}*X*004010~ST*309*0001~M10*LINE*O*SG*9283186*CERVANTES*320N*1*1*Y~P4*1803*260320*1*M029~LX*1~M11*LINE${group}*35177*390*PKG*14404*K*46*X*00*SANTOS**LINE~LX*2~M11*LINEX${group}*35177*390*PKG*14404*K*46*X*00*SANTOS**LINE~SE*8*0001~GE*1*${group}~IEA*1*000000001~`;
const ack = (group: string, sets: string) =>
  `${ISA('CBP')}GS*FA*CBP*LINE*20260301*0900*9*X*004010~ST*997*0001~AK1*SO*${group}~${sets}AK9*A*1*1*1~SE*4*0001~GE*1*9~IEA*1*000000001~`;

t.test('997 answers the bills of a manifest, by group or by set', async (t) => {
  const judge = judgeOf('x12-309', 'x12-997', 'master-bill');
  const { alerts, deadLetters } = takeAll(judge, [
    from('ours', manifest('11'), '08:00', 1),
    from('ours', manifest('12'), '08:00', 2),
    from('ours', manifest('13'), '08:00', 3),
    from('theirs', ack('11', ''), '09:00', 4),
    from('theirs', ack('12', 'AK2*309*0001~AK5*A~'), '09:00', 5),
    from('theirs', ack('99', ''), '13:00', 6),
  ]);
  t.same(deadLetters, []);
  t.same(toldAt(alerts), ['03-01T13:00 fired answered', '03-01T13:00 fired answered'], 'both bills of 13');
});
