// The routes of the API as types: which there are, what each takes and answers. routes.gen.ts is made from
// docs/openapi.json by `npm run routes`, and that from the tables of the server by `make openapi`.
import type { paths } from "./routes.gen";

export type Verb = "GET" | "POST" | "PUT" | "DELETE";
type Under<P> = P extends `/api/v1${infer Rest}` ? Rest : never;
/** Every route below /api/v1, as the API writes it: "/{brand}/members/{id}". */
export type Route = Under<keyof paths>;
type Operation<V extends Verb, R extends Route> = paths[`/api/v1${R}`][Lowercase<V>];

declare const route: unique symbol;
/** Routes with something to delete behind them. */
export type Deletable = { [R in Route]: Operation<"DELETE", R> extends { responses: object } ? R : never }[Route];

/** An address of a route, with its parameters filled in. */
export type Path<R extends Route = Route> = string & { readonly [route]?: R };

export type Params<R> = R extends `${string}{${infer Name}}${infer Rest}` ? Name | Params<Rest> : never;
/** Routes without any parameter are their own address. */
export type Plain = { [R in Route]: Params<R> extends never ? R : never }[Route];
export type Given<R extends Route> = { [Name in Params<R>]: string | number };

export function at<R extends Route>(pattern: R, given: Given<R>): Path<R> {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String((given as Record<string, string | number>)[name]))) as Path<R>;
}

type Content<T> = T extends { content: { "application/json": infer J } } ? J : null;
/** What a route answers when it went well. */
export type Answer<V extends Verb, R extends Route> = Operation<V, R> extends { responses: { "2XX": infer Ok } } ? Content<Ok> : null;
/** The entries of a route that answers with a list. */
export type Item<R extends Route> = Answer<"GET", R> extends { items: (infer T)[] } ? T : never;
type JsonBody<T> = T extends { requestBody?: infer B } ? (NonNullable<B> extends { content: { "application/json": infer J } } ? J : never) : never;
export type Body<V extends Verb, R extends Route> = JsonBody<Operation<V, R>>;
/** Lists go with commas; what is empty is left out. */
type Blank<Q> = { [K in keyof Q]: (NonNullable<Q[K]> extends unknown[] ? string : Q[K]) | "" | null };
/** What stands behind the "?". */
export type Query<V extends Verb, R extends Route> = Operation<V, R> extends { parameters: { query?: infer Q } } ? Blank<NonNullable<Q>> : never;
