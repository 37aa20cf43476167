const KEY = 'laytime-token';
/** A browser that keeps nothing (private windows, blocked storage) keeps the token in memory. */
let kept = '';
try {
  kept = sessionStorage.getItem(KEY) ?? '';
} catch {}

export function setToken(token) {
  kept = token;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {}
}

/** A problem as the server told it (RFC 9457), or that it did not answer. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, init = {}) {
  const headers = { ...init.headers, ...(kept !== '' && { authorization: `Bearer ${kept}` }) };
  const late = AbortSignal.timeout(20_000);
  const signal = init.signal ? AbortSignal.any([init.signal, late]) : late;
  const response = await fetch(path, { ...init, headers, signal }).catch((error) => {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, 'The agent does not answer');
  });
  if (response.ok) return response.json();
  const told = await response.json().catch(() => ({}));
  throw new Problem(response.status, told.detail ? `${told.title}: ${told.detail}` : `The agent answered ${response.status}`);
}

export const get = (path, query = {}, signal) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return ask(`/api/v1${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`, signal ? { signal } : {});
};

export const post = (path, body) =>
  ask(`/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
