// The HTTP API: one call, one kind of failure. Addresses are of this origin only.
import { takeEarly } from "./early";
import type { Answer, Body, Path, Plain, Query, Route, Verb } from "./routes";

export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** A reply that is no success, as the server's problem+json tells it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail);
  }
  of(field: string): string | undefined {
    return this.errors.find((e) => e.field === field)?.message;
  }
}

export interface Options<V extends Verb, R extends Route> {
  body?: Body<V, R>;
  query?: Query<V, R>;
  /** Bytes that go as they are, instead of a JSON body. */
  raw?: Blob;
  /** Goes out even when the page is being left. */
  keepalive?: boolean;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

const asked = { lang: "zh-CN", signedOut: () => {}, confirm: async () => false };
export function speak(lang: string) {
  asked.lang = lang;
}
export function onSignedOut(act: () => void) {
  asked.signedOut = act;
}
/** Who asks for the password once more; resolves to whether it was given and right. */
export function onConfirm(act: () => Promise<boolean>) {
  asked.confirm = act;
}

export function address(path: string, query: object = {}): string {
  const list = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== "");
  const text = new URLSearchParams(list.map(([k, v]) => [k, String(v)])).toString();
  return "/api/v1" + path + (text ? "?" + text : "");
}

async function problem(reply: Response): Promise<Problem> {
  const told = await reply.json().catch(() => ({}));
  const retry = reply.headers.get("Retry-After");
  const detail = told.detail ?? told.title ?? reply.statusText;
  return new Problem(reply.status, told.code ?? "", retry ? `${detail} (${retry} s)` : detail, told.errors ?? []);
}

async function send<V extends Verb, R extends Route>(method: V, path: string, options: Options<V, R>): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": asked.lang, ...options.headers };
  if (options.raw) headers["Content-Type"] = "application/octet-stream";
  else if (options.body !== undefined || method !== "GET") headers["Content-Type"] = "application/json";
  const url = address(path, options.query);
  try {
    const early = method === "GET" ? await takeEarly(url) : undefined;
    if (early) return early;
    return await fetch(url, {
      method,
      headers,
      signal: options.signal,
      keepalive: options.keepalive,
      body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
    });
  } catch (e) {
    if ((e as Error).name === "AbortError") throw e;
    throw new Problem(0, "unreachable", "");
  }
}

let confirming: Promise<boolean> | null = null;
/** Several requests that are refused at once ask once. */
function confirmed(): Promise<boolean> {
  confirming ??= asked.confirm().finally(() => (confirming = null));
  return confirming;
}

/** What a route refuses until the password is given again is asked once more after that. */
export async function ask<V extends Verb, R extends Route>(method: V, path: Path<R> | (R & Plain), options: Options<V, R> = {}): Promise<Response> {
  let reply = await send(method, path, options);
  if (reply.ok) return reply;
  let failed = await problem(reply);
  if (failed.code === "confirm_password" && (await confirmed())) {
    reply = await send(method, path, options);
    if (reply.ok) return reply;
    failed = await problem(reply);
  }
  if (reply.status === 401 && !["/session", "/session/confirm"].includes(path)) asked.signedOut();
  throw failed;
}

export async function call<V extends Verb, R extends Route>(method: V, path: Path<R> | (R & Plain), options: Options<V, R> = {}): Promise<Answer<V, R>> {
  const reply = await ask(method, path, options);
  const text = await reply.text();
  return (text ? JSON.parse(text) : null) as Answer<V, R>;
}

/** Hand bytes to the browser as a file. */
export function save(name: string, content: Blob | string) {
  const url = typeof content === "string" ? content : URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  if (typeof content !== "string") setTimeout(() => URL.revokeObjectURL(url), 1000);
}
