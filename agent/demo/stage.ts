import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import type { EpochMs } from '../../rules/time.ts';
import { LogHeader } from '../log/headers.ts';
import type { Positions } from '../log/log.ts';
import { startOcean } from './ocean-server.ts';
import { Chance } from './random.ts';
import { RecordBook } from './record-book.ts';
import type { DropFile, Said, StreamMessage } from './said.ts';
import { startSap } from './sap-server.ts';
import type { DemoServer } from './serve.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { World } from './world.ts';

/** The word that opens the demo's SAP server; it listens on loopback and holds nothing real. */
export const SAP_PASSWORD = 'demo';

const HEARTBEATS = ['alive.tms', 'alive.customs.import', 'alive.customs.export'];
/** Sources whose proof of life a heartbeat is. */
export const HEARD_BY_HEARTBEAT = ['tms', 'customs-import', 'customs-export'];

/** The systems of the simulated world, speaking their real protocols at the time that a virtual clock shows. */
export class Stage {
  readonly ports: { readonly sap: number; readonly oceanA: number; readonly oceanB: number };
  readonly dropFolder: string;
  readonly #world: World;
  readonly #clock: VirtualClock;
  readonly #nats: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #servers: readonly DemoServer[];
  readonly #books: readonly RecordBook[];
  readonly #said: Said[] = [];
  readonly #last: Record<string, number> = {};
  #nextMessage = 0;
  #nextFile = 0;

  private constructor(parts: StageParts) {
    this.#world = parts.world;
    this.#clock = parts.clock;
    this.#nats = parts.nats;
    this.#jetstream = jetstream(parts.nats);
    this.#servers = parts.servers;
    this.#books = parts.books;
    this.dropFolder = parts.dropFolder;
    const [sap, oceanA, oceanB] = parts.servers;
    this.ports = { sap: sap!.port, oceanA: oceanA!.port, oceanB: oceanB!.port };
  }

  /** Starts the servers, and makes the streams on a nats-server that runs. */
  static async open(
    world: World,
    clock: VirtualClock,
    options: { readonly natsUrl: string; readonly directory: string; readonly seed: number },
  ): Promise<Stage> {
    const nats = await connect({ servers: options.natsUrl, name: 'demo world', timeout: 10_000 });
    const manager = await jetstreamManager(nats);
    await manager.streams.add({ name: 'TMS', subjects: ['tms.>'] });
    await manager.streams.add({ name: 'CUSTOMS', subjects: ['customs.>'] });
    const dropFolder = join(options.directory, 'drop', 'broker-us');
    await mkdir(dropFolder, { recursive: true });
    const deliveries = new RecordBook(world.deliveries);
    const invoices = new RecordBook(world.invoices);
    const oceanA = new RecordBook(world.ocean['ocean-a']);
    const oceanB = new RecordBook(world.ocean['ocean-b']);
    const { silence } = world.times;
    const entities = { A_OutbDeliveryHeader: deliveries, A_SupplierInvoice: invoices };
    const { now } = clock;
    const servers = await Promise.all([
      startSap({ port: 18_301, now, password: SAP_PASSWORD, entities }),
      startOcean({
        ...{ port: 18_302, now, book: oceanA },
        silent: () => false,
        chance: new Chance(options.seed + 1),
      }),
      startOcean({
        ...{ port: 18_303, now, book: oceanB },
        silent: (at) => at >= silence.from && at < silence.to,
        chance: new Chance(options.seed + 2),
      }),
    ]);
    const books = [deliveries, invoices, oceanA, oceanB];
    return new Stage({ world, clock, nats, servers, books, dropFolder });
  }

  /** Publishes everything that is due by the clock's time; resolves when it is durable. */
  async publishDue(): Promise<void> {
    const now = this.#clock.now();
    const { messages, files } = this.#world;
    const acks: Promise<void>[] = [];
    for (let one = messages[this.#nextMessage]; one !== undefined && one.at <= now; ) {
      acks.push(this.#publish(one));
      this.#nextMessage += 1;
      one = messages[this.#nextMessage];
    }
    for (let file = files[this.#nextFile]; file !== undefined && file.at <= now; ) {
      acks.push(this.#drop(file));
      this.#nextFile += 1;
      file = files[this.#nextFile];
    }
    await Promise.all(acks);
  }

  async #publish(message: StreamMessage): Promise<void> {
    const carried = headers();
    carried.set(LogHeader.observedAt, String(message.at));
    const { stream, seq } = await this.#jetstream.publish(message.subject, message.body, {
      headers: carried,
      timeout: 20_000,
    });
    this.#last[stream] = Math.max(this.#last[stream] ?? 0, seq);
    this.#said.push(...message.says);
  }

  async #drop({ at, name, text, says }: DropFile): Promise<void> {
    const path = join(this.dropFolder, name);
    await writeFile(path, text);
    await utimes(path, at / 1000, at / 1000);
    await writeFile(`${path}.done`, '');
    this.#said.push(...says);
  }

  /** Says that the systems behind the streams are alive. */
  async heartbeat(): Promise<void> {
    for (const subject of HEARTBEATS) this.#nats.publish(subject, '');
    await this.#nats.flush();
  }

  /** Where the streams of the world end. */
  get positions(): Positions {
    return this.#last;
  }

  /** Everything that the world has said so that the agent could hear it. */
  said(): readonly Said[] {
    return [...this.#said, ...this.#books.flatMap((book) => book.said())];
  }

  /** When something is published next. */
  nextAt(): EpochMs {
    const { messages, files } = this.#world;
    const endless = Number.POSITIVE_INFINITY;
    return Math.min(messages[this.#nextMessage]?.at ?? endless, files[this.#nextFile]?.at ?? endless);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    await this.#nats.close();
  }
}

interface StageParts {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly nats: NatsConnection;
  readonly servers: readonly DemoServer[];
  readonly books: readonly RecordBook[];
  readonly dropFolder: string;
}
