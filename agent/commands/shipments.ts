import { localText } from '../../rules/testing-time.ts';
import type { AwaitingRow, ShipmentRow } from '../store/query-rows.ts';
import { API_OPTIONS, type Api, apiOf } from './api.ts';
import { type Command, type CommandContext, tableWidthOf, textOption } from './command.ts';
import { type Column, drawTable } from './table.ts';

/** `laytime shipments`: which shipments there are, by identifier or by what they wait for. */
export const shipmentsCommand: Command = {
  name: 'shipments',
  summary: 'List shipments, by any identifier or by what they wait for',
  usage: '[--awaiting <milestone>] [--ref <ref>]',
  options: {
    ...API_OPTIONS,
    awaiting: { type: 'string', describe: 'what has begun and not ended: customs.released, duty.posted …' },
    ref: { type: 'string', describe: 'any identifier: MSCU1234567, or container:MSCU1234567' },
    lane: { type: 'string', describe: 'such as CN-NL' },
    limit: { type: 'string', describe: 'rows (default 100)' },
    cursor: { type: 'string', describe: 'where the answer before ended' },
  },
  details: 'laytime shipments --awaiting customs.released\nlaytime shipments --ref MSCU6639870 --json',
  run,
};

async function run(context: CommandContext): Promise<number> {
  const api = apiOf(context);
  const option = (name: string): string | undefined => textOption(context, name);
  const [awaiting, ref, lane, limit, cursor] = ['awaiting', 'ref', 'lane', 'limit', 'cursor'].map(option);
  if (
    awaiting !== undefined &&
    ref === undefined &&
    lane === undefined &&
    cursor === undefined &&
    !context.json
  ) {
    const { rows } = await api.get<{ rows: AwaitingRow[] }>('/api/v1/awaiting', {
      milestone: awaiting,
      limit,
    });
    print(context, rows, awaitingColumns(api), `nothing waits for ${awaiting}`);
    return 0;
  }
  const page = await api.get<{ rows: ShipmentRow[]; cursor?: string }>('/api/v1/shipments', {
    ...{ awaiting, ref, lane, limit, cursor },
  });
  if (context.json) context.stdout(`${JSON.stringify(page)}\n`);
  else
    print(
      context,
      page.rows,
      columns(api),
      ref === undefined ? 'no shipments' : `no shipment is known by ${ref}`,
    );
  if (!context.json && page.cursor !== undefined) context.stdout(`more with --cursor ${page.cursor}\n`);
  return page.rows.length === 0 && ref !== undefined ? 1 : 0;
}

function print<T>(
  context: CommandContext,
  rows: readonly T[],
  list: readonly Column<T>[],
  none: string,
): void {
  const lines = rows.length === 0 ? [none] : drawTable(rows, list, tableWidthOf(context));
  context.stdout(`${lines.join('\n')}\n`);
}

const when = ({ zone }: Api, text: string | null): string =>
  text === null ? '' : localText(Date.parse(text), zone).slice(0, 16);

const columns = (api: Api): readonly Column<ShipmentRow>[] => [
  { head: 'SHIPMENT', cell: ({ delivery, shipment_id }) => delivery || shipment_id },
  { head: 'CUSTOMER REF', cell: ({ customer_ref }) => customer_ref, shrinks: true },
  { head: 'LANE', cell: ({ lane }) => lane },
  { head: 'LAST', cell: ({ last_milestone }) => last_milestone ?? '', shrinks: true },
  { head: `AT (${api.zone})`, cell: ({ last_milestone_at }) => when(api, last_milestone_at) },
  { head: 'NEXT DUE', cell: ({ next_due_at }) => when(api, next_due_at) },
  { head: 'NOTES', cell: notes, shrinks: true },
];

const notes = ({ open_holds, clocks_at_risk, clocks_breached }: ShipmentRow): string =>
  [
    open_holds > 0 ? `${open_holds} held` : '',
    clocks_breached > 0 ? `${clocks_breached} breached` : '',
    clocks_at_risk > 0 ? `${clocks_at_risk} at risk` : '',
  ]
    .filter((note) => note !== '')
    .join(', ');

const awaitingColumns = (api: Api): readonly Column<AwaitingRow>[] => [
  { head: 'SHIPMENT', cell: ({ delivery, shipment_id }) => delivery || shipment_id },
  { head: 'CUSTOMER REF', cell: ({ customer_ref }) => customer_ref, shrinks: true },
  { head: 'LANE', cell: ({ lane }) => lane },
  { head: `SINCE (${api.zone})`, cell: ({ since }) => when(api, since) },
  { head: 'DUE', cell: ({ due_at }) => when(api, due_at) },
  {
    head: 'STATE',
    cell: ({ breached, at_risk, holding_agencies, open_holds }) =>
      [
        breached > 0 ? 'breached' : at_risk > 0 ? 'at risk' : '',
        open_holds > 0 ? `held ${holding_agencies.join(', ')}`.trim() : '',
      ]
        .filter((text) => text !== '')
        .join(', '),
    shrinks: true,
  },
];
