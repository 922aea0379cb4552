// The HTTP API: one call, one kind of failure. Addresses are of this origin only.

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

export interface Options {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined | null>;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

const asked = { lang: "zh-CN", signedOut: () => {} };
export function speak(lang: string) {
  asked.lang = lang;
}
export function onSignedOut(act: () => void) {
  asked.signedOut = act;
}

export function address(path: string, query: Options["query"] = {}): string {
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

export async function ask(method: string, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": asked.lang, ...options.headers };
  if (options.body !== undefined || method !== "GET") headers["Content-Type"] = "application/json";
  let reply: Response;
  try {
    reply = await fetch(address(path, options.query), {
      method,
      headers,
      signal: options.signal,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
  } catch (e) {
    if ((e as Error).name === "AbortError") throw e;
    throw new Problem(0, "unreachable", "");
  }
  if (reply.ok) return reply;
  const failed = await problem(reply);
  if (reply.status === 401 && path !== "/session") asked.signedOut();
  throw failed;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const reply = await ask(method, path, options);
  const text = await reply.text();
  return (text ? JSON.parse(text) : null) as T;
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
