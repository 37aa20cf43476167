import { type AlertLogEntry, type GuardedStream, StaleWriterError } from '../../agent/log/log.ts';

/** A guarded stream in memory with the same guard as the JetStream one (see test/agent/log for the contract both pass). */
export function memoryStream<T>(): GuardedStream<T> & { readonly entries: AlertLogEntry<T>[] } {
  const entries: AlertLogEntry<T>[] = [];
  return {
    entries,
    async *read(from) {
      for (const entry of [...entries]) if (entry.sequence >= from) yield structuredClone(entry);
    },
    async append(subject, value, expected) {
      const last = entries.filter((entry) => entry.subject === subject).at(-1)?.sequence ?? 0;
      if (last !== expected) throw new StaleWriterError(subject, expected);
      entries.push({ subject, value: structuredClone(value), sequence: entries.length + 1 });
      return entries.length;
    },
  };
}
