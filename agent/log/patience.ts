import { errors } from '@nats-io/transport-node';

/** For a JetStream request. What a server had not answered when it died is never answered, so this is how long a crash is felt. */
export const REQUEST_TIMEOUT_MS = 2_000;

const ATTEMPTS = 8;
const FIRST_WAIT_MS = 50;

/**
 * Asks again while the server is away: a question that was under way when it was killed never gets an answer, and one that comes
 * while it starts finds nobody. Only for questions that are harmless when asked twice. Rejects with the last error.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === ATTEMPTS || !isServerAway(error)) throw error;
      await new Promise((wake) => setTimeout(wake, FIRST_WAIT_MS * 2 ** (attempt - 1)));
    }
  }
}

function isServerAway(error: unknown): boolean {
  return (
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError ||
    (error instanceof Error && error.name === 'JetStreamNotEnabled')
  );
}
