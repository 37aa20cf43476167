import type { Value } from '../../collectors/formats/format.ts';

/** A leaf of messages: how often it was there, and one text that it had. */
export interface FieldSeen {
  /** Positions in lists are `*`: `/events/*\/transportCall/vessel`. */
  readonly path: string;
  readonly times: number;
  readonly sample: string;
}

const LONGEST_SAMPLE = 60;
/** Different paths that are told apart; a map of identifiers to objects must not fill memory. */
const MOST_PATHS = 5_000;

/** Learns which fields of messages a map looks at, by handing it values that take note. */
export class FieldWatch {
  readonly #there = new Map<string, { times: number; sample: string }>();
  readonly #looked = new Set<string>();

  /** The same value, watched. */
  readonly watch = (value: Value): Value => {
    this.#note(value, '');
    return this.#watched(value, '', new WeakMap());
  };

  /** Leaves at which the map never looked, the most frequent first. An object that is taken as a whole counts as read. */
  unread(): readonly FieldSeen[] {
    const whole = new Set([...this.#looked].filter((path) => !this.#hasLookedBelow(path)));
    const out: FieldSeen[] = [];
    for (const [path, { times, sample }] of this.#there) {
      if (!this.#looked.has(path) && !ancestors(path).some((each) => whole.has(each)))
        out.push({ path, times, sample });
    }
    return out.sort((a, b) => b.times - a.times || (a.path < b.path ? -1 : 1));
  }

  #hasLookedBelow(path: string): boolean {
    const below = `${path}/`;
    for (const each of this.#looked) if (each.startsWith(below)) return true;
    return false;
  }

  #note(value: Value, path: string): void {
    if (typeof value !== 'object' || value === null) {
      if (value === null || value === '') return;
      const known = this.#there.get(path);
      if (known !== undefined) known.times += 1;
      else if (this.#there.size < MOST_PATHS)
        this.#there.set(path, { times: 1, sample: String(value).slice(0, LONGEST_SAMPLE) });
    } else if (Array.isArray(value)) for (const each of value) this.#note(each, `${path}/*`);
    else for (const [name, each] of Object.entries(value)) this.#note(each, `${path}/${name}`);
  }

  #watched(value: Value, path: string, made: WeakMap<object, Value>): Value {
    if (typeof value !== 'object' || value === null) return value;
    const known = made.get(value);
    if (known !== undefined) return known;
    const list = Array.isArray(value);
    const proxy = new Proxy(value as object, {
      get: (target, name) => {
        // Whoever hashes the whole content reads nothing of it.
        if (name === 'toJSON') return () => value;
        const found: unknown = Reflect.get(target, name);
        if (typeof name === 'symbol' || typeof found === 'function' || !Object.hasOwn(target, name))
          return found;
        if (list && name === 'length') return found;
        const at = `${path}/${list ? '*' : name}`;
        if (!list) this.#looked.add(at);
        return this.#watched(found as Value, at, made);
      },
    }) as Value;
    made.set(value, proxy);
    return proxy;
  }
}

function ancestors(path: string): string[] {
  const out: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    out.push(path.slice(0, at));
  return out;
}
