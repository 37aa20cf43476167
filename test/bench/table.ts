import type { Backtested } from './backtest.ts';
import type { Clocks } from './clocks.ts';
import type { Idle } from './idle.ts';
import type { Installed } from './installed.ts';
import type { Latency } from './latency.ts';
import type { Mapped } from './mapping.ts';
import type { Memory } from './memory.ts';
import type { Rules } from './rules.ts';
import type { SapCalls } from './sap-calls.ts';
import type { Throughput } from './throughput.ts';

/** What `npm run bench -- --json` prints; a part is absent when `--parts` left it out. */
export interface Figures {
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly node: string;
    /** One-minute load before the run; above zero, somebody else was at work too. */
    readonly loadAverageBefore: number;
    /** CPU of one `JSON.parse` of a message of the bench, over and over. */
    readonly jsonParseMicroseconds: number;
  };
  readonly throughput?: Throughput;
  readonly latency?: Latency;
  readonly mapping?: readonly Mapped[];
  readonly memory?: Memory;
  readonly rules?: Rules;
  readonly backtest?: Backtested;
  readonly clocks?: Clocks;
  /** Absent also where there is no /proc. */
  readonly idleCollect?: Idle | undefined;
  readonly installed?: Installed;
  readonly sapCalls?: SapCalls;
  readonly benchSeconds: number;
}

type Row = readonly [what: string, reached: string, target: string];

const count = (n: number): string => n.toLocaleString('en-US');

/** The figures for a person, beside what they are meant to be. */
export function tableOf({ machine, benchSeconds, ...parts }: Figures): string {
  const { throughput, latency, mapping, memory, rules, backtest, clocks } = parts;
  const { idleCollect, installed, sapCalls } = parts;
  const rows: Row[] = [
    ...(throughput ? throughputRows(throughput) : []),
    ...(latency ? latencyRows(latency) : []),
    ...(memory ? memoryRows(memory) : []),
    ...(idleCollect ? idleRows(idleCollect) : []),
    ...(rules ? rulesRows(rules) : []),
    ...(backtest ? backtestRows(backtest) : []),
    ...(clocks ? clocksRows(clocks) : []),
    ...(installed ? installedRows(installed) : []),
    ...(sapCalls ? sapRows(sapCalls) : []),
  ];
  return [
    `${machine.cpus} × ${machine.model}, Node ${machine.node}, load ${machine.loadAverageBefore} before the run, JSON.parse of a message ${machine.jsonParseMicroseconds} µs; ${benchSeconds} s`,
    ...(rows.length > 0 ? ['', ...lined([['', 'reached', 'target'], ...rows])] : []),
    ...(throughput ? ['', 'CPU for one event', ...lined(stageRows(throughput))] : []),
    ...(mapping ? ['', 'Mapped by one core', ...lined(mapping.map(mappedRow))] : []),
  ].join('\n');
}

const throughputRows = (throughput: Throughput): Row[] => [
  ['Judged and stored, floor moved', `${count(throughput.storedEventsPerSecond)} events/s`, '25,000'],
  ['  judged', `${count(throughput.judgedEventsPerSecond)} events/s`, ''],
  ['  ceiling: log read only', `${count(throughput.logReadOnlyEventsPerSecond)} events/s`, ''],
  ['  ceiling: insert only', `${count(throughput.insertOnlyEventsPerSecond)} events/s`, ''],
  ['  judge alone, in memory', `${count(throughput.judgeOnlyEventsPerSecond)} events/s`, ''],
  ['  stored ÷ lowest ceiling', String(throughput.storedToLowestCeilingRatio), ''],
];

const latencyRows = (latency: Latency): Row[] => [
  ['Alert latency, p50', `${latency.p50Ms} ms`, ''],
  [
    `Alert latency, p99 at ${count(latency.offeredEventsPerSecond)} events/s`,
    `${latency.p99Ms} ms`,
    '500 ms',
  ],
  ['  alerts received of expected', `${latency.alertsReceived} of ${latency.alertsExpected}`, 'all'],
];

const memoryRows = (memory: Memory): Row[] => [
  ['Memory of an open shipment', `${count(memory.bytesPerOpenShipment)} bytes`, '1,500 bytes'],
  [`Restart with ${count(memory.shipments)} shipments`, `${memory.restartSeconds} s`, '10 s at 100,000'],
  ['  CPU of it', `${memory.restartCpuSeconds} s`, ''],
];

const idleRows = ({ residentMegabytes, cpuPercent }: Idle): Row[] => [
  ['Idle collector, resident', `${residentMegabytes} MB`, '120 MB'],
  ['Idle collector, CPU', `${cpuPercent} %`, ''],
];

const rulesRows = ({ rules, dueDatesPerCpuSecond, ...speeds }: Rules): Row[] => [
  [`Judged under ${rules} rules`, `${count(speeds.judgedEventsPerCpuSecond)} events/CPU s`, ''],
  ['  folded and evaluated', `${count(speeds.foldedAndEvaluatedEventsPerCpuSecond)} events/CPU s`, '150,000'],
  ...Object.entries(dueDatesPerCpuSecond).map(
    ([unit, speed]): Row => [`Due dates, ${unit}`, `${count(speed)} /CPU s`, '500,000'],
  ),
];

const backtestRows = ({ events, oneRuleTried, hundredRulesChanged }: Backtested): Row[] => [
  [
    `Back-test of one rule over ${count(events)} events`,
    `${count(oneRuleTried.eventsPerSecond)} events/s`,
    '100,000',
  ],
  ['  by the CPU of the judge', `${count(oneRuleTried.eventsPerCpuSecond)} events/CPU s`, ''],
  ['  of a hundred, all changed', `${count(hundredRulesChanged.eventsPerSecond)} events/s`, ''],
];

const clocksRows = (clocks: Clocks): Row[] => [
  [`${count(clocks.clocks)} clocks`, `${count(clocks.megabytes)} MB`, ''],
  [`  ${count(clocks.dueTogether)} due at once: all judged after`, `${clocks.dueSeconds} s`, ''],
  ['  worst stall of the loop meanwhile', `${clocks.worstLoopStallMs} ms`, ''],
];

const installedRows = ({ packages, modulesMegabytes, distMegabytes }: Installed): Row[] => [
  ['Installed, beside Node', `${Math.round(modulesMegabytes + distMegabytes)} MB`, ''],
  [`  ${packages} packages, built program`, `${modulesMegabytes} MB, ${distMegabytes} MB`, ''],
];

const sapRows = ({ perHour, deliveriesADay, pollMinutes, firstHour }: SapCalls): Row[] => [
  [
    `Calls to SAP, polled every ${pollMinutes} min, ${count(deliveriesADay)} deliveries a day`,
    `${perHour} an hour`,
    '',
  ],
  ['  in the first hour, which looks back', String(firstHour), ''],
];

const stageRows = ({ cpuUsPerEvent: cpu }: Throughput): Row[] => [
  ['log read', `${cpu.logRead} µs`, ''],
  ['map', `${cpu.map} µs`, ''],
  ['judge', `${cpu.judge} µs`, ''],
  ['encode and insert', `${cpu.encodeAndInsert} µs`, ''],
  ['alert log, notices, the rest', `${cpu.alertLogAndRest} µs`, ''],
  ['whole agent', `${cpu.whole} µs`, ''],
  ['  of it the thread that judges', `${cpu.judgingThread} µs`, ''],
  ...(cpu.clickHouse === undefined
    ? []
    : ([
        ['the embedded ClickHouse beside it', `${cpu.clickHouse} µs`, ''],
        ['  inserting only', `${cpu.clickHouseInsertOnly} µs`, ''],
      ] as Row[])),
];

const mappedRow = ({ format, messageBytes, cpuUsPerMessage, ...each }: Mapped): Row => [
  `${format}, ${messageBytes} bytes`,
  `${count(each.messagesPerSecond)} messages/s`,
  `${count(each.eventsPerSecond)} events/s, ${cpuUsPerMessage} µs a message`,
];

function lined(rows: readonly Row[]): string[] {
  const first = Math.max(...rows.map(([what]) => what.length));
  const second = Math.max(...rows.map(([, reached]) => reached.length));
  return rows.map(([what, reached, target]) =>
    `${what.padEnd(first)}  ${reached.padStart(second)}  ${target}`.trimEnd(),
  );
}
