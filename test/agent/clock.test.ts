import t from 'tap';
import { systemClock } from '../../agent/clock.ts';

t.test('sleep ends at once when it is no longer wanted, and never rejects', async (t) => {
  const stop = new AbortController();
  const slept = systemClock.sleep(2 ** 40, stop.signal);
  stop.abort();
  await slept;
  await systemClock.sleep(2 ** 40, stop.signal);
  t.ok(stop.signal.aborted);
});

t.test('sleep comes to its end, and elapsed time never goes back', async (t) => {
  const before = systemClock.elapsed();
  await systemClock.sleep(1, new AbortController().signal);
  t.ok(systemClock.elapsed() >= before);
});

t.test('chance is in [0, 1)', async (t) => {
  const x = systemClock.random();
  t.ok(x >= 0 && x < 1);
});
