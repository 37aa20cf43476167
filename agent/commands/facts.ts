import type { ShipmentFacts } from '../http/facts.ts';
import { API_OPTIONS, apiOf, shipmentIdOf } from './api.ts';
import { type Command, type CommandContext, textOption, UsageError } from './command.ts';

/** `laytime facts`: what the verdicts on a shipment rest on, to take away. */
export const factsCommand: Command = {
  name: 'facts',
  summary: 'Export what the verdicts on a shipment rest on: events, channels, raw messages',
  usage: '<ref>',
  options: {
    ...API_OPTIONS,
    'as-of': { type: 'string', describe: 'what was known by then: 2026-06-01T09:00:00Z (default: now)' },
  },
  details:
    'laytime facts MSCU6639870 > facts.json\n' +
    'Whoever has this file and the rules comes to the same verdicts, with no server:\n' +
    '  laytime rules explain eu-import-release --facts facts.json --rules rules/eu-release.yaml',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [ref, ...more] = context.args.positionals;
  if (ref === undefined || more.length > 0) throw new UsageError('which shipment? laytime facts <ref>');
  const api = apiOf(context);
  const id = await shipmentIdOf(api, ref);
  const asOf = textOption(context, 'as-of');
  const facts = await api.get<ShipmentFacts>(`/api/v1/shipments/${encodeURIComponent(id)}/facts`, { asOf });
  context.stdout(`${context.json ? JSON.stringify(facts) : JSON.stringify(facts, null, 2)}\n`);
  return 0;
}
