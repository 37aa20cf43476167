import { isLoopback } from '../../collectors/settings-listen.ts';
import { loadConfigFile } from '../config-file.ts';
import {
  CONFIG_OPTION,
  type Command,
  type CommandContext,
  configFile,
  textOption,
  UsageError,
} from './command.ts';

/** Options of every verb that asks a running agent. */
export const API_OPTIONS = {
  ...CONFIG_OPTION,
  url: {
    type: 'string',
    describe: 'address of the agent (default: LAYTIME_URL, else what the configuration listens on)',
  },
  token: { type: 'string', describe: 'bearer token (better: the environment variable LAYTIME_TOKEN)' },
} as const satisfies Command['options'];

/** A running agent, asked over HTTP. */
export interface Api {
  readonly url: string;
  /** IANA zone of the reader: the configuration's, else UTC. */
  readonly zone: string;
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>;
  post<T>(path: string, body: Readonly<Record<string, string>>): Promise<T>;
  /** Bytes of an answer that is no JSON. */
  bytes(path: string): Promise<Uint8Array>;
}

const TIMEOUT_MS = 30_000;
const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Finds the agent: `--url`, LAYTIME_URL, or where the configuration says that it listens. */
export function apiOf(context: CommandContext): Api {
  const { url: configured, zone } = fromConfig(context);
  const asked = textOption(context, 'url') ?? context.env('LAYTIME_URL') ?? configured;
  if (!URL.canParse(asked) || !/^https?:/.test(asked))
    throw new UsageError(`--url: "${asked}" is no http address`);
  const base = asked.replace(/\/+$/, '');
  const token = textOption(context, 'token') ?? context.env('LAYTIME_TOKEN');
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(base + path, {
      ...init,
      headers: { ...headers, ...init.headers },
      signal,
      redirect: 'error',
    }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
    if (!response.ok) throw await refusal(response, base);
    return response;
  };
  return {
    url: base,
    zone,
    get: async (path, query = {}) => (await ask(path + queryText(query))).json() as never,
    post: async (path, body) =>
      (
        await ask(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).json() as never,
    bytes: async (path) => new Uint8Array(await (await ask(path)).arrayBuffer()),
  };
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** A configuration is of help and no need: the agent may run elsewhere. One with errors still says where. */
function fromConfig(context: CommandContext): { readonly url: string; readonly zone: string } {
  const named = textOption(context, 'config') !== undefined || context.env('LAYTIME_CONFIG') !== undefined;
  try {
    const { config } = loadConfigFile(configFile(context), {
      env: context.env,
      missingSecrets: 'warning',
      cwd: context.cwd,
    });
    if (config === undefined) return { url: DEFAULT_URL, zone: 'UTC' };
    const { host, port } = config.listen;
    const name = isLoopback(host)
      ? host.includes(':')
        ? `[${host}]`
        : host
      : host === '::' || host === '0.0.0.0'
        ? 'localhost'
        : host;
    return { url: `http://${name}:${port}`, zone: config.timezone };
  } catch (error) {
    if (named) throw error;
    return { url: DEFAULT_URL, zone: 'UTC' };
  }
}

function unreachable(base: string, error: unknown): Error {
  if (error instanceof Error && error.name === 'AbortError') return error;
  const late = error instanceof Error && error.name === 'TimeoutError';
  const why = late ? `no answer in ${TIMEOUT_MS / 1000} s from ${base}` : `no agent answers at ${base}`;
  return new UsageError(`${why}; start one with "laytime run", or name another with --url`, 1);
}

async function refusal(response: Response, base: string): Promise<Error> {
  const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
  if (response.status === 401) {
    return new UsageError(`${base} wants a token: set LAYTIME_TOKEN, or check the one that is set`, 1);
  }
  const said =
    problem.title === undefined
      ? `${response.status} ${response.statusText}`
      : `${problem.title}: ${problem.detail}`;
  return new UsageError(said, 1);
}

/** The one shipment that an identifier means; an error names the candidates when there are several. */
export async function shipmentIdOf(api: Api, ref: string): Promise<string> {
  const { rows } = await api.get<{ rows: { shipment_id: string; delivery: string; customer_ref: string }[] }>(
    '/api/v1/shipments',
    { ref, limit: '20' },
  );
  const [only] = rows;
  if (only !== undefined && rows.length === 1) return only.shipment_id;
  if (only !== undefined) {
    const names = rows.map(({ shipment_id, delivery }) =>
      delivery === '' ? shipment_id : `delivery:${delivery}`,
    );
    throw new UsageError(`${ref} is in several shipments: ${names.join(', ')}; name one of them`, 1);
  }
  // The id of an alert's link is an identifier too.
  const found = await api
    .get<{ shipment_id: string }>(`/api/v1/shipments/${encodeURIComponent(ref)}`)
    .catch((): undefined => undefined);
  if (found === undefined) throw new UsageError(`no shipment is known by ${ref}`, 1);
  return found.shipment_id;
}
