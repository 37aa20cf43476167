import type { ChannelUpdate } from '../../rules/channel.ts';
import { Channels } from '../../rules/channels.ts';
import { type ChannelSource, channelIdOf } from '../../rules/channels-channel.ts';
import type { MilestoneCode } from '../../rules/milestone.ts';
import type { EpochMs } from '../../rules/time.ts';
import { Feeds } from '../track/feeds.ts';
import type { AlertRecord, RenderAlert } from '../track/outcome.ts';
import type { RulesInForce } from '../track/rules-in-force.ts';
import { HeardThen } from './heard-then.ts';
import { type HeardAt, type Hearing, proofsOf } from './hearings.ts';

/** An event that waited for its shipment: until then it might have been the proof that somebody's clock waited for. */
export interface Waited {
  readonly key: string;
  readonly source: string;
  readonly partner: string;
  readonly milestone: MilestoneCode;
  readonly since: EpochMs;
  /** Absent while it waits. */
  readonly until?: EpochMs;
}

/** That something had happened was told for the first time. */
export interface FirstTold {
  readonly eventId: string;
  readonly source: string;
  readonly partner: string;
  readonly happened: EpochMs;
  readonly observedAt: EpochMs;
}

/** What is stored of the channels themselves. */
export interface Hearsay {
  readonly hearings: readonly Hearing[];
  readonly waited: readonly Waited[];
  /** In the order in which they became known; asked for only where something hangs on how late partners tell. */
  firstTold(): AsyncIterable<readonly FirstTold[]>;
}

export interface ListenSettings {
  readonly tenant: string;
  readonly channels: readonly ChannelSource[];
  readonly rules: RulesInForce;
  readonly renderAlert: RenderAlert;
}

type Input = { readonly at: EpochMs } & (
  | { readonly kind: 'proof'; readonly proof: HeardAt }
  | { readonly kind: 'waits' | 'found'; readonly event: Waited }
);

/** Lets the channels hear a whole history, up to `until`: how far each was heard when, and what its `feed` rules would have told. */
export async function listen(
  hearsay: Hearsay,
  settings: ListenSettings,
  until: EpochMs,
): Promise<{ readonly heard: HeardThen; readonly alerts: readonly AlertRecord[] }> {
  const listener = new Listener(settings);
  const inputs = inputsOf(hearsay, settings.channels, until);
  let next = inputs.next();
  const takeUntil = (at: EpochMs): void => {
    for (; next.done !== true && next.value.at <= at; next = inputs.next()) listener.take(next.value);
  };
  if (hangsOnLag(settings)) {
    for await (const batch of hearsay.firstTold()) {
      for (const told of batch) {
        takeUntil(told.observedAt);
        listener.report(told);
      }
    }
  }
  takeUntil(until);
  // What is due at the very end is judged too.
  listener.advance(until + 1);
  return { heard: listener.heard, alerts: listener.alerts };
}

const hangsOnLag = ({ rules, channels }: ListenSettings): boolean =>
  rules.feeds.some(({ rule }) => rule.feed.lag !== undefined) ||
  channels.some(({ observedLag }) => observedLag !== undefined);

/** In the order of time; a proof of life goes before what waits or is found at the same moment. */
function* inputsOf(
  { hearings, waited }: Hearsay,
  channels: readonly ChannelSource[],
  until: EpochMs,
): Generator<Input> {
  const others: Input[] = waited.map((event) => ({ kind: 'waits', at: event.since, event }));
  for (const event of waited) {
    if (event.until !== undefined) others.push({ kind: 'found', at: event.until, event });
  }
  others.sort((a, b) => a.at - b.at);
  let next = 0;
  for (const proof of proofsOf(hearings, channels, until)) {
    while (next < others.length && others[next]!.at < proof.at) yield others[next++]!;
    yield { kind: 'proof', at: proof.at, proof };
  }
  yield* others.slice(next);
}

class Listener {
  readonly heard: HeardThen;
  readonly alerts: AlertRecord[] = [];
  readonly #channels: Channels;
  readonly #feeds: Feeds;

  constructor({ tenant, channels, rules, renderAlert }: ListenSettings) {
    this.heard = new HeardThen(channels);
    this.#channels = new Channels(channels);
    const tellSince = Number.NEGATIVE_INFINITY;
    this.#feeds = new Feeds({ tenant, rules, channels: this.#channels, renderAlert, tellSince });
    for (const { id } of this.#channels.list()) this.#note(id, Number.NEGATIVE_INFINITY);
  }

  take(input: Input): void {
    this.advance(input.at);
    if (input.kind === 'proof') {
      const { source, partner, at } = input.proof;
      this.#moved(this.#channels.proof({ source, partner, provedUntil: at }, at), at);
      this.alerts.push(...this.#feeds.heard(source, at));
    } else if (input.kind === 'found') this.#moved(this.#channels.matched(input.event.key), input.at);
    else this.#waits(input.event);
  }

  report({ eventId, source, partner, happened, observedAt }: FirstTold): void {
    this.advance(observedAt);
    this.#moved(this.#channels.reported(source, partner, { eventId, happened }, observedAt), observedAt);
    this.alerts.push(...this.#feeds.heard(source, observedAt));
  }

  /** Lets time pass up to (not including) `until`. */
  advance(until: EpochMs): void {
    for (;;) {
      const at = Math.min(this.#channels.nextAt(), this.#feeds.nextAt());
      if (at >= until) return;
      if (this.#feeds.nextAt() <= at) this.alerts.push(...this.#feeds.advance(at));
      else this.#moved(this.#channels.advance(at), at);
    }
  }

  #waits({ key, source, partner, milestone, since }: Waited): void {
    const update = this.#channels.unmatched(key, source, partner, milestone, since);
    const channelId = channelIdOf(source, partner);
    const state = this.#channels.stateOf(channelId);
    if (state === undefined) return;
    this.heard.hold(state, milestone);
    this.#moved(update, since);
    this.#note(channelId, since);
  }

  #moved({ transitions, moved, reckoned }: ChannelUpdate, at: EpochMs): void {
    if (reckoned !== undefined) this.#feeds.reckoned(reckoned);
    for (const { channelId } of transitions) this.#note(channelId, at);
    for (const { channelId } of moved) this.#note(channelId, at);
  }

  #note(channelId: string, at: EpochMs): void {
    const state = this.#channels.stateOf(channelId);
    if (state === undefined) return;
    this.heard.note(at, state, (milestone) => this.#channels.stateOf(channelId, milestone));
  }
}
