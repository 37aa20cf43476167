import type { ShipmentAnswer } from '../http/shipment-view.ts';
import { API_OPTIONS, apiOf, shipmentIdOf } from './api.ts';
import { type Command, type CommandContext, textOption, UsageError, widthOf } from './command.ts';
import { drawTrace } from './waterfall.ts';

/** `laytime trace`: a shipment as a waterfall. */
export const traceCommand: Command = {
  name: 'trace',
  summary: 'Draw a shipment as a waterfall, found by any identifier',
  usage: '<ref>',
  options: {
    ...API_OPTIONS,
    'as-of': { type: 'string', describe: 'what was known by then: 2026-06-01T09:00:00Z' },
  },
  details:
    '━ leg  ● happened  ◆ first planned  ◇ planned now  ○ expected  ▒ hold  ─ clock, time left  █ late  │ due\nTimes are those of the place.',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const [ref, ...more] = context.args.positionals;
  if (ref === undefined || more.length > 0) throw new UsageError('which shipment? laytime trace <ref>');
  const api = apiOf(context);
  const id = await shipmentIdOf(api, ref);
  const asOf = textOption(context, 'as-of');
  const shipment = await api.get<ShipmentAnswer>(`/api/v1/shipments/${encodeURIComponent(id)}`, { asOf });
  if (context.json) context.stdout(`${JSON.stringify(shipment)}\n`);
  else {
    const now = asOf === undefined ? context.clock.now() : Temporal.Instant.from(asOf).epochMilliseconds;
    context.stdout(`${drawTrace(shipment, { now, zone: api.zone, width: widthOf(context) }).join('\n')}\n`);
  }
  return 0;
}
