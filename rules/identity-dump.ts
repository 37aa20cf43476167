import type { IdentityEngine } from './identity-engine.ts';
import type { IdentityGraph } from './identity-graph.ts';
import type { IdentityOverride } from './identity-override.ts';
import { REF_TYPES, type Ref, type RefType } from './refs.ts';

/** What a line is: `["r", type, value]` (numbered from 0), `["s", key, minute, marked refs]`, `["o", decision]`. */
type Line = ['r', RefType, string] | ['s', string, number, number[]] | ['o', IdentityOverride];

export function* dumpLines(graph: IdentityGraph): Iterable<string> {
  yield JSON.stringify(['identity', 1, graph.tenant, graph.principalType]);
  for (const override of graph.overrides.all()) yield JSON.stringify(['o', override] satisfies Line);
  const numbers = new Int32Array(graph.refs.length);
  let next = 0;
  for (let id = 0; id < graph.refs.length; id++) {
    if (graph.refs.isFree(id)) continue;
    numbers[id] = next++;
    const { type, value } = graph.refs.ref(id);
    yield JSON.stringify(['r', type, value] satisfies Line);
  }
  const { statements } = graph;
  for (let id = 0; id < statements.length; id++) {
    if (statements.isFree(id)) continue;
    const marked = statements.marked(id).map((mark) => 2 * numbers[mark >>> 1]! + (mark & 1));
    yield JSON.stringify(['s', statements.key(id), statements.minute(id), marked] satisfies Line);
  }
}

/** Reads a dump into an empty engine, which decides everything once at the end. */
export function loadLines(lines: Iterable<string>, engine: IdentityEngine): void {
  const ids: number[] = [];
  let number = 0;
  engine.quiet = true;
  for (const text of lines) {
    number++;
    try {
      const line = JSON.parse(text) as unknown;
      if (number === 1) checkHeader(line, engine.graph);
      else readLine(line as Line, ids, engine);
    } catch (error) {
      throw new Error(`line ${number} of the identity snapshot is damaged: ${(error as Error).message}`);
    }
  }
  engine.settle();
  engine.finish();
  engine.quiet = false;
}

function checkHeader(line: unknown, graph: IdentityGraph): void {
  const [what, version, tenant, type] = Array.isArray(line) ? line : [];
  if (what !== 'identity' || version !== 1) throw new Error('not an identity snapshot of this version');
  if (tenant !== graph.tenant || type !== graph.principalType) {
    throw new Error(`written for tenant ${tenant} with shipment_is ${type}`);
  }
}

function readLine(line: Line, ids: number[], engine: IdentityEngine): void {
  switch (line[0]) {
    case 'r': {
      const ref: Ref = { type: line[1], value: line[2] };
      if (!Object.hasOwn(REF_TYPES, ref.type)) throw new Error(`${ref.type} is no kind of identifier`);
      ids.push(engine.graph.refs.intern(ref));
      return;
    }
    case 's': {
      const marked = line[3].map((mark) => {
        const id = ids[mark >>> 1];
        if (id === undefined) throw new Error(`ref ${mark >>> 1} comes later than its use`);
        return 2 * id + (mark & 1);
      });
      engine.insert({ key: line[1], minute: line[2], marked });
      return;
    }
    case 'o':
      engine.override(line[1].key, line[1]);
      return;
    default:
      throw new Error(`unknown kind of line ${String(line[0])}`);
  }
}
