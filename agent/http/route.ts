import type { Caller } from './auth.ts';
import type { HttpRole } from './contract.ts';
import type { Schema } from './schema.ts';
import type { HealthServices, Services } from './services.ts';

/** A request whose parameters were checked against the route's. */
export interface ApiRequest {
  /** Of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Of the query; numbers and times are still text, but known to be well-formed. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The JSON body of a POST; `{}` when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Who asks; undefined on routes for anyone. */
  readonly caller: Caller | undefined;
}

export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status?: number; readonly text: string; readonly type: string }
  | { readonly bytes: Uint8Array; readonly fileName: string };

export interface Parameter {
  readonly describe: string;
  readonly schema: Schema;
}

/** One address of the server. A new one is a file in routes/ and a line in routes.ts; the rest follows from it. */
export interface Route<S extends HealthServices = Services> {
  readonly method: 'GET' | 'POST';
  /** With OpenAPI's placeholders: `/api/v1/shipments/{id}`. */
  readonly path: string;
  /** Unique, camelCase: the operationId. */
  readonly name: string;
  readonly summary: string;
  /** The least role that may ask, or anyone who reaches the server. */
  readonly role: HttpRole | 'anyone';
  readonly query?: Readonly<Record<string, Parameter>>;
  /** A page for people: links may carry anything after the question mark. */
  readonly anyQuery?: boolean;
  /** Properties of the JSON body, all optional unless said otherwise. */
  readonly body?: {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  /** A body may be a document; else it is an operator's comment. */
  readonly longBody?: boolean;
  /** What 200 answers: a schema, or a media type for what is no JSON. */
  readonly answer: Schema | { readonly media: string };
  /** It asks ClickHouse: counted, and equal questions share an answer. */
  readonly asksStore: boolean;
  handle(request: ApiRequest, services: S): Promise<Answer>;
}

export const isSchema = (answer: Route['answer']): answer is Schema => !('media' in answer);
