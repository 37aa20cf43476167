import { closest } from '../../rules/problem.ts';
import type { ShipmentDetail } from '../store/query-rows.ts';
import { API_OPTIONS, apiOf, shipmentIdOf } from './api.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';

/** `laytime rules explain`: everything that a verdict rests on. */
export const rulesExplain: Command = {
  name: 'rules explain',
  summary: 'Explain a clock: start, counted time, pauses, due time, channels, evidence',
  usage: '<rule> <ref>',
  options: API_OPTIONS,
  details: 'laytime rules explain eu-import-release MSCU6639870',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [rule, ref, ...more] = context.args.positionals;
  if (rule === undefined || ref === undefined || more.length > 0)
    throw new UsageError('which rule of which shipment? laytime rules explain <rule> <ref>');
  const api = apiOf(context);
  const path = `/api/v1/shipments/${encodeURIComponent(await shipmentIdOf(api, ref))}`;
  const { rows } = await api.get<{ rows: { text: string }[] }>(`${path}/explanations`, { rule });
  if (rows.length === 0) throw new UsageError(noClock(rule, ref, await api.get<ShipmentDetail>(path)), 1);
  if (context.json) context.stdout(`${JSON.stringify({ rows })}\n`);
  else context.stdout(`${rows.map(({ text }) => text).join('\n\n')}\n`);
  return 0;
}

function noClock(rule: string, ref: string, { clocks }: ShipmentDetail): string {
  const rules = [...new Set(clocks.map((clock) => clock.rule))];
  const near = closest(rule, rules);
  const hint =
    near !== undefined ? `; did you mean ${near}?` : rules.length === 0 ? '' : `; it has ${rules.join(', ')}`;
  return `${rule} has no clock for ${ref}${hint}`;
}
