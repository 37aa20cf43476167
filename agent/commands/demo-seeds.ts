import { type KindCounts, type Rehearsed, rehearse } from '../demo/rehearsal.ts';
import { type CommandContext, widthOf } from './command.ts';
import { drawTable } from './table.ts';

/** What many worlds came to. */
interface Totals {
  readonly seeds: number;
  readonly endAt: string;
  readonly events: number;
  readonly kinds: Record<string, KindCounts>;
  readonly falseAlerts: number;
  readonly missedAlerts: number;
  readonly naiveFalseAlerts: number;
  /** What was told falsely or missed, to look at: `laytime demo --seed N`. */
  readonly wrong: string[];
}

/** `laytime demo --seeds 50`: the worlds of the seeds from `first` on, judged in no time, without engines. Resolves with the exit code. */
export async function demoSeeds(
  context: CommandContext,
  run: { readonly first: number; readonly seeds: number; readonly shipments: number },
): Promise<number> {
  const { clock, json, signal, stdout, stderr } = context;
  const endAt = Math.floor(clock.now() / 60_000) * 60_000;
  const totals = { events: 0, falseAlerts: 0, missedAlerts: 0, naiveFalseAlerts: 0 };
  const kinds: Record<string, KindCounts> = {};
  const wrong: string[] = [];
  let seeds = 0;
  for (let seed = run.first; seed < run.first + run.seeds && !signal.aborted; seed += 1) {
    const one = rehearse({ seed, shipments: run.shipments, endAt });
    seeds += 1;
    totals.events += one.events;
    totals.falseAlerts += one.falseAlerts.length;
    totals.missedAlerts += one.missedAlerts.length;
    totals.naiveFalseAlerts += one.naiveFalseAlerts;
    for (const [kind, counts] of Object.entries(one.kinds)) kinds[kind] = sum(kinds[kind], counts);
    wrong.push(...wrongOf(seed, one));
    const line = `seed ${seed}: ${one.events} events, ${one.falseAlerts.length} false alerts, ${one.missedAlerts.length} missed\n`;
    (json ? stderr : stdout)(line);
    // Between two worlds a signal is heard.
    await clock.sleep(1, signal);
  }
  const result: Totals = { seeds, endAt: new Date(endAt).toISOString(), ...totals, kinds, wrong };
  stdout(json ? `${JSON.stringify(result)}\n` : summaryOf(result, widthOf(context)));
  return totals.falseAlerts + totals.missedAlerts === 0 ? 0 : 1;
}

const sum = (a: KindCounts | undefined, b: KindCounts): KindCounts => ({
  clocks: (a?.clocks ?? 0) + b.clocks,
  broken: (a?.broken ?? 0) + b.broken,
  told: (a?.told ?? 0) + b.told,
});

const wrongOf = (seed: number, { falseAlerts, missedAlerts }: Rehearsed): string[] => [
  ...falseAlerts.map(({ rule, text }) => `seed ${seed}: false: ${rule}: ${text.headline}`),
  ...missedAlerts.map(
    ({ rule, shipment }) => `seed ${seed}: missed: ${rule.name}: delivery ${shipment.delivery}`,
  ),
];

function summaryOf({ seeds, events, kinds, wrong, ...counts }: Totals, width: number): string {
  const table = drawTable(
    Object.entries(kinds),
    [
      { head: 'kind', cell: ([kind]) => kind },
      { head: 'clocks', cell: ([, { clocks }]) => String(clocks), right: true },
      { head: 'broken', cell: ([, { broken }]) => String(broken), right: true },
      { head: 'told', cell: ([, { told }]) => String(told), right: true },
    ],
    width,
  );
  const { falseAlerts, missedAlerts, naiveFalseAlerts } = counts;
  const outcome = `${falseAlerts} false alerts, ${missedAlerts} missed; a naive checker: ${naiveFalseAlerts} false alerts`;
  return ['', ...table, '', ...wrong, `${seeds} worlds, ${events} events: ${outcome}`, ''].join('\n');
}
