/** Starts an engine, tells its process id, and waits to be killed: for the test that engines end with their parent. */
import { startClickHouse } from '../../agent/engines/clickhouse.ts';
import { startNats } from '../../agent/engines/nats.ts';

const [kind = '', dataDir = ''] = process.argv.slice(2);
const engine = kind === 'nats' ? await startNats({ dataDir }) : await startClickHouse({ dataDir });
process.stdout.write(`${engine.pid}\n`);
setInterval(() => undefined, 1_000);
