import type { EpochMs } from '../../rules/time.ts';
import { seeded } from './random.ts';

export interface TrafficOptions {
  readonly seed: number;
  /** How many messages, repeats and revisions included. */
  readonly messages: number;
  /** Part of the messages that repeats an earlier one. */
  readonly duplicates?: number;
  /** Part of the messages that comes later than its neighbours. */
  readonly outOfOrder?: number;
  /** Part of the messages that corrects an earlier one. */
  readonly revisions?: number;
  /** Log time of the first message. */
  readonly startAt: EpochMs;
  /** Log time between two messages. */
  readonly everyMs: number;
}

/** A message as a hub publishes it: CloudEvents in JSON, about 500 bytes. */
export interface TrafficMessage {
  readonly observedAt: EpochMs;
  readonly body: string;
}

interface Step {
  readonly type: string;
  readonly afterHours: number;
  readonly refs: readonly (
    | 'delivery'
    | 'order'
    | 'container'
    | 'house-bill'
    | 'booking'
    | 'lrn'
    | 'mrn'
    | 'supplier-invoice'
  )[];
  readonly role?: string;
  readonly classifier?: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** One shipment's life; only some systems know its delivery number, the others a container, a bill or a declaration. */
const LIFE: readonly Step[] = [
  {
    type: 'shipment.created',
    afterHours: 0,
    refs: ['delivery', 'order'],
    attributes: { mode: 'sea', 'destination.country': 'NL' },
  },
  {
    type: 'loaded',
    classifier: 'planned',
    role: 'origin',
    afterHours: 30,
    refs: ['delivery', 'booking', 'container', 'house-bill'],
  },
  { type: 'export.filing.accepted', afterHours: 8, refs: ['house-bill'] },
  { type: 'loaded', role: 'origin', afterHours: 31, refs: ['booking', 'container'] },
  { type: 'departed', role: 'origin', afterHours: 36, refs: ['booking', 'container'] },
  { type: 'arrived', role: 'destination', afterHours: 140, refs: ['container', 'house-bill'] },
  { type: 'customs.filed', afterHours: 150, refs: ['lrn', 'house-bill'] },
  { type: 'customs.accepted', afterHours: 151, refs: ['lrn', 'mrn'] },
  { type: 'customs.hold.placed', afterHours: 152, refs: ['mrn'], attributes: { 'hold.agency': 'NVWA' } },
  { type: 'customs.hold.removed', afterHours: 170, refs: ['mrn'], attributes: { 'hold.agency': 'NVWA' } },
  { type: 'customs.released', afterHours: 175, refs: ['mrn'] },
  { type: 'duty.assessed', afterHours: 176, refs: ['mrn'], attributes: { 'duty.amount': 1204.5 } },
  { type: 'delivered', role: 'destination', afterHours: 200, refs: ['delivery'] },
  { type: 'duty.posted', afterHours: 210, refs: ['delivery', 'supplier-invoice'] },
];

const HOUR_MS = 3_600_000;

/** Traffic with repeats, late messages and corrections; the same options give the same messages. */
export function traffic(options: TrafficOptions): TrafficMessage[] {
  const { seed, messages, duplicates = 0, outOfOrder = 0, revisions = 0, startAt, everyMs } = options;
  const random = seeded(seed);
  const repeated = Math.round(messages * duplicates);
  const revised = Math.round(messages * revisions);
  const original = messages - repeated - revised;
  const shipments = Math.ceil(original / LIFE.length);
  const spanMs = original * everyMs;
  const planned: { at: number; body: string }[] = [];
  for (let n = 0; n < original; n += 1) {
    const shipment = Math.floor(n / LIFE.length);
    const step = LIFE[n % LIFE.length]!;
    const begins = startAt + (shipment / shipments) * spanMs * 0.7;
    const occurredAt = Math.round(begins + step.afterHours * HOUR_MS * jitter(random));
    planned.push({ at: occurredAt, body: bodyOf(shipment, step, n % LIFE.length, occurredAt, occurredAt) });
  }
  const extra: { at: number; body: string }[] = [];
  for (let n = 0; n < repeated; n += 1) {
    const { at, body } = planned[Math.floor(random() * planned.length)]!;
    extra.push({ at: at + random() * 20 * HOUR_MS, body });
  }
  for (let n = 0; n < revised; n += 1) {
    const which = Math.floor(random() * planned.length);
    const step = which % LIFE.length;
    const { at } = planned[which]!;
    const corrected = Math.round(at + (random() - 0.5) * 10 * HOUR_MS);
    const recordedAt = Math.round(at + random() * 30 * HOUR_MS);
    extra.push({
      at: recordedAt,
      body: bodyOf(Math.floor(which / LIFE.length), LIFE[step]!, step, corrected, recordedAt),
    });
  }
  const all = [...planned, ...extra].map((each) => ({
    ...each,
    at: each.at + (random() < outOfOrder ? random() * 40 * HOUR_MS : 0),
  }));
  all.sort((a, b) => a.at - b.at);
  let observedAt = startAt;
  return all.map(({ at, body }) => {
    // Nobody can report before it happened; and the log's own time never goes back.
    observedAt = Math.max(observedAt + 1, Math.round(at) + 60_000);
    return { observedAt, body };
  });
}

const jitter = (random: () => number): number => 0.8 + random() * 0.5;

function bodyOf(shipment: number, step: Step, index: number, occurredAt: number, recordedAt: number): string {
  const n = String(shipment).padStart(6, '0');
  const values = {
    delivery: `80${n}`,
    order: `45${String(Math.floor(shipment / 3)).padStart(6, '0')}`,
    container: `LAYU${n}0`,
    'house-bill': `LAYB${n}`,
    booking: `BK${n}`,
    lrn: `LRN${n}`,
    mrn: `26NL0000${n}ABCD`,
    'supplier-invoice': `51${n}`,
  };
  const refs = Object.fromEntries(step.refs.map((type) => [type, values[type]]));
  return JSON.stringify({
    specversion: '1.0',
    id: `${n}-${index}`,
    source: '/hub/eu',
    type: step.type,
    time: new Date(recordedAt).toISOString(),
    recordedtime: new Date(recordedAt).toISOString(),
    datacontenttype: 'application/json',
    data: {
      refs,
      occurredAt: new Date(occurredAt).toISOString(),
      classifier: step.classifier ?? 'actual',
      ...(step.role !== undefined && {
        role: step.role,
        location: { unlocode: step.role === 'origin' ? 'CNSHG' : 'NLRTM' },
      }),
      ...(step.attributes && { attributes: step.attributes }),
      remark: 'carried by the hub of the forwarder, as received from the system of record',
    },
  });
}
