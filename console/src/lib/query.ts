// The queries of docs/query.md as data: which fields each takes, and what they may be. The JSON itself is the state; the
// form reads and writes it.
import type { Query, Reply } from "./types";

export type Control = "kinds" | "selector" | "steps" | "choice" | "number" | "text" | "expr" | "breakdown" | "day" | "flag" | "numbers";
export interface Spec {
  name: string;
  control: Control;
  choices?: string[];
  fallback?: unknown;
  min?: number;
  max?: number;
}

const where: Spec = { name: "where", control: "expr" };
const who: Spec = { name: "who", control: "expr" };
const from: Spec = { name: "from", control: "day" };
const to: Spec = { name: "to", control: "day" };
const by = (choices: string[], fallback = "day"): Spec => ({ name: "by", control: "choice", choices, fallback });
const all: Spec = { name: "kind", control: "kinds", fallback: "*" };
const breakdown: Spec = { name: "breakdown", control: "breakdown" };

export const QUERIES: Record<string, Spec[]> = {
  trend: [all, { name: "measure", control: "choice", choices: ["events", "members", "amount", "average"], fallback: "events" }, by(["hour", "day", "week", "month"]), breakdown, from, to, where, who],
  funnel: [
    { name: "steps", control: "steps" }, { name: "window", control: "text", fallback: "7d" }, { name: "mode", control: "choice", choices: ["ordered", "strict", "any"], fallback: "ordered" },
    breakdown, from, to, where, who,
  ],
  retention: [
    { name: "birth", control: "selector" }, { name: "return", control: "selector" }, by(["day", "week", "month"]), { name: "periods", control: "number", fallback: 12, min: 1, max: 90 },
    { name: "type", control: "choice", choices: ["classic", "rolling"], fallback: "classic" }, { name: "first", control: "choice", choices: ["ever", "in_range", "each"], fallback: "ever" }, from, to, where, who,
  ],
  paths: [
    { name: "anchor", control: "selector" }, { name: "direction", control: "choice", choices: ["after", "before"], fallback: "after" }, { name: "depth", control: "number", fallback: 3, min: 1, max: 5 },
    { name: "within", control: "text", fallback: "1d" }, { name: "fold", control: "flag", fallback: false }, { name: "top", control: "number", fallback: 20, min: 1, max: 1000 }, from, to, where, who,
  ],
  stickiness: [all, { name: "days", control: "number", fallback: 28, min: 1, max: 366 }, to, where, who],
  lifecycle: [by(["day", "week"]), from, to, who],
  activity: [all, by(["day", "week", "month"]), from, to, where, who],
  rfm: [{ name: "as_of", control: "day" }, from, where, who],
  repeat: [
    { name: "kind", control: "kinds", fallback: "order.paid" }, { name: "as_of", control: "day" }, { name: "unit", control: "choice", choices: ["day", "week"], fallback: "week" },
    { name: "horizon", control: "text", fallback: "90d" }, { name: "holdout", control: "text" }, where, who,
  ],
};

const ago = (days: number, now = new Date()) => new Date(now.getTime() - days * 86400000).toISOString().slice(0, 10);

/** A first question of each kind that means something for any shop. */
export function starter(name: string): Query {
  const bodies: Record<string, Record<string, unknown>> = {
    trend: { kind: "*", measure: "members", by: "day", from: ago(60) },
    funnel: { steps: [{ kind: "group.joined" }, { kind: "message.sent" }, { kind: "order.paid" }], window: "14d", from: ago(90) },
    retention: { birth: { kind: "group.joined" }, return: { kind: "*" }, by: "week", periods: 12, from: ago(84) },
    paths: { anchor: { kind: "group.joined" }, depth: 3, within: "7d", fold: true, top: 20, from: ago(60) },
    stickiness: { kind: "*", days: 28 },
    lifecycle: { by: "week", from: ago(84) },
    activity: { kind: "*", by: "week", from: ago(84) },
    rfm: {},
    repeat: { unit: "week", horizon: "90d" },
  };
  return { [name]: bodies[name] ?? {} };
}

/** Write a field; what is empty or the default is left out, so that the text stays short. */
export function withField(query: Query, spec: Spec, value: unknown): Query {
  const name = Object.keys(query)[0];
  const body = { ...query[name] };
  const empty = value === "" || value === undefined || value === null || (Array.isArray(value) && !value.length);
  if (empty || value === spec.fallback) delete body[spec.name];
  else body[spec.name] = value;
  return { [name]: body };
}

export const COMPARED = ["trend", "funnel"];

/** The same question about the span of the same length that lies before; null where there is none. */
export function previous(query: Query, canonical: Reply["query"]): Query | null {
  const name = Object.keys(query)[0];
  const shown = canonical[name];
  if (!COMPARED.includes(name) || query[name].breakdown || !shown?.from || !shown?.to) return null;
  const from = Date.parse(String(shown.from));
  const to = Date.parse(String(shown.to));
  if (!(to > from)) return null;
  // a whole number of days, so that buckets stay beside each other
  const length = Math.ceil((to - from) / 86400000) * 86400000;
  return { [name]: { ...query[name], from: new Date(Math.max(0, from - length)).toISOString(), to: new Date(to - length).toISOString() } };
}

/** What was typed as a query; a text says what is wrong. */
export function parsed(text: string): Query | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    return (e as Error).message;
  }
  const keys = value && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
  const body = keys.length === 1 ? (value as Query)[keys[0]] : null;
  return body && typeof body === "object" && !Array.isArray(body) ? (value as Query) : '{"trend": {…}}';
}
