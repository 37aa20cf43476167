/** True when every subject that `inner` matches is matched by `outer` too (NATS wildcards: `*` one token, `>` the rest). */
export function covers(outer: string, inner: string): boolean {
  const wide = outer.split('.');
  const narrow = inner.split('.');
  for (let i = 0; i < wide.length; i += 1) {
    const token = wide[i]!;
    const other = narrow[i];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>') return false;
    if (token !== '*' && token !== other) return false;
  }
  return wide.length === narrow.length;
}

/** True when some subject is matched by both. */
export function overlap(a: string, b: string): boolean {
  const left = a.split('.');
  const right = b.split('.');
  for (let i = 0; ; i += 1) {
    const one = left[i];
    const other = right[i];
    if (one === undefined || other === undefined) return one === other;
    if (one === '>' || other === '>') return true;
    if (one !== '*' && other !== '*' && one !== other) return false;
  }
}
