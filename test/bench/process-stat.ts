import { readFileSync } from 'node:fs';

/** Linux counts CPU time in these (USER_HZ). */
const MICROSECONDS_PER_TICK = 10_000;

/** CPU that a process has used so far, its threads' included, in microseconds, to 10 ms. Undefined where there is no /proc. */
export function cpuUsOfProcess(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): utime and stime are fields 14 and 15; the name in field 2 may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

/** Resident memory of a process in bytes. */
export function residentBytesOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
