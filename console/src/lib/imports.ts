// Imports by upload: what the server replies, and the map of columns that the selects write (docs/import.md, "The map").
import type { Answer, Item } from "./routes";

export const FORMATS = ["csv", "xlsx", "columns", "jsonl", "segment", "irc", "telegram", "discord", "slack", "messages", "mbox"] as const;
export const MAPPED = ["csv", "xlsx", "columns"];
export const IDENTITIES = ["phone", "name", "user", "unionid", "wecom", "openid", "email", "telegram", "device", "anon"] as const;
/** What a column may become, as the select shows it; props and trait want a name. */
export const TARGETS = ["at", "created", "kind", "status", "amount", "amount_minor", "refund", "tags", "person", "birthday", "message", "message_type", "message_subtype", "message_id", "reply_to", "links", "qr", "speaker", "id", "group", "touchpoint", "campaign", "content", "staff", "owner", "contacts", "props", "trait"] as const;
export const VALUE_TYPES = ["text", "number", "integer", "decimal", "date"] as const;
export const COUNTS = ["read", "stored", "duplicate", "rejected", "members_created", "merged", "updated", "conflicts", "skipped", "dropped", "unknown_staff"] as const;
export const WORKING = ["queued", "trying", "running", "undoing"];
export const UNDONE = ["events", "members", "staying", "identities", "traits", "tags", "consents", "merges"] as const;

export interface Column {
  at: number;
  header: string | null;
  samples: string[];
  means?: string | null;
  target?: string | null;
  entry?: string | null; // the entry of a map that says the same, where one can
}
export interface Reject {
  line: number;
  column?: string | number | null;
  reason: string;
}
export interface Preview {
  format: string;
  guessed: boolean;
  encoding: string;
  kind?: string | null; // of every row, where no column says it
  columns: Column[];
  rows: string[][];
  events: Record<string, unknown>[];
  problems: Reject[];
  sheets: string[]; // of a workbook
  sheet?: string | null; // the one that is shown
}
export type Counts = Record<string, number>;
export type Import = Item<"/{brand}/imports">;
export type Samples = Answer<"GET", "/{brand}/imports/{id}/samples">;
export type Mapping = Item<"/{brand}/imports/mappings">;

/** What one column is to become. */
export interface Choice {
  target: string; // "", one of TARGETS, "member:KIND" or "other:KIND"
  name: string; // of props and trait
  type: string; // of props and trait: VALUE_TYPES
  format: string; // of times: strptime's directives; "" = by itself
  kept?: string; // what the server says of the header, all of it, until it is chosen otherwise
}

/** The first entry of a map: its parts between the signs that are not escaped. */
function parts(entry: string): string[] {
  const out = [""];
  for (let i = 0; i < entry.length; i++) {
    const sign = entry[i];
    if (sign === "\\") out[out.length - 1] += entry[++i] ?? "";
    else if (sign === ",") break;
    else if ((sign === "=" && out.length === 1) || (sign === ":" && out.length > 1 && out.length < 4)) out.push("");
    else out[out.length - 1] += sign;
  }
  return out;
}

/** What the server says a header means, as a choice to begin with. */
export function chosen(column: Column): Choice {
  const none: Choice = { target: "", name: "", type: "text", format: "" };
  if (!column.entry) return none;
  const [first, type, , format] = parts(column.entry);
  const target = first.replace(/\?$/, "");
  const choice = pick(target, type, { ...none, format: format ?? "" });
  return choice.target ? { ...choice, kept: column.entry } : choice;
}

function pick(target: string, type: string, dated: Choice): Choice {
  const none = { ...dated, format: "" };
  const named = /^(props|trait)\.(.+)/.exec(target);
  if (named) return { ...dated, target: named[1], name: named[2], type };
  if (target === "member" || target === "other") return { ...none, target: `${target}:${type}` };
  if (target === "kind") return { ...none, target: type === "status" ? "status" : "kind" };
  if (target === "amount") return { ...none, target: type === "integer" ? "amount_minor" : "amount" };
  return (TARGETS as readonly string[]).includes(target) ? { ...dated, target } : none;
}

const escaped = (text: string) => text.replace(/[\\,:=]/g, "\\$&");

/** A column by its header, or by its place where it has none of its own. */
function source(column: Column, all: Column[]): string {
  const header = column.header?.trim();
  const alone = header && !header.startsWith("$") && all.filter((c) => c.header?.trim() === header).length === 1;
  return alone ? escaped(header) : "$" + column.at;
}

function entry(column: Column, c: Choice, all: Column[]): string | null {
  const from = source(column, all);
  if (c.kept && !from.startsWith("$")) return c.kept;
  const dated = c.format ? `${from}:${escaped(c.format)}` : from;
  const [target, kind] = c.target.split(":");
  switch (target) {
    case "": return null;
    case "member": case "other": return `${target}=${kind}:${from}`;
    case "at": case "created": case "birthday": return `${target}=date:${dated}`;
    case "refund": return `refund=decimal:${from}`;
    case "status": return `kind=status:${from}`;
    case "amount": return `amount=decimal:${from}`;
    case "amount_minor": return `amount=integer:${from}`;
    case "props": case "trait": return c.name.trim() ? `${target}.${escaped(c.name.trim())}=${c.type}:${c.type === "date" ? dated : from}` : null;
    default: return `${target}=text:${from}`;
  }
}

/** The map that the choices say. */
export function mapOf(columns: Column[], choices: Choice[]): string {
  return columns.map((c, i) => (choices[i] ? entry(c, choices[i], columns) : null)).filter(Boolean).join(",");
}

/** What keeps the choices from being a map: a key of the texts, and the column it is about. */
export function flaw(columns: Column[], choices: Choice[]): { key: string; column: string } | null {
  const once = new Map<string, string>();
  for (const [i, c] of choices.entries()) {
    if (c.kept?.includes("?=")) continue;
    const column = columns[i]?.header || "$" + columns[i]?.at;
    if ((c.target === "props" || c.target === "trait") && !c.name.trim()) return { key: "nameless", column };
    const slot = c.target === "props" || c.target === "trait" ? `${c.target}.${c.name.trim()}` : { status: "kind", amount_minor: "amount" }[c.target] ?? c.target;
    if (slot && !slot.includes(":") && once.has(slot)) return { key: "twice", column };
    once.set(slot, column);
  }
  return null;
}

export const SAMPLED = ["new", "updated", "conflict", "unknown_staff", "unchanged"] as const;
export type TriedTab = (typeof SAMPLED)[number] | "rejected";

/** What a dry run found, a tab each; 'gone': there were rows, and they are not kept any more. */
export function triedTabs(one: Pick<Import, "tried" | "dry_run">, samples: Samples | null) {
  const figures = (one.tried ?? {}) as Counts;
  const tabs: { name: TriedTab; rows: number; first: Samples["new"]["first"] }[] = SAMPLED.map((name) => ({ name, rows: samples?.[name]?.rows ?? 0, first: samples?.[name]?.first ?? [] })).filter((t) => t.name !== "unknown_staff" || t.rows); // most files name none
  const gone = tabs.every((t) => !t.rows) && ["members_created", "updated", "duplicate", "skipped"].some((k) => figures[k]);
  if (one.dry_run) tabs.push({ name: "rejected", rows: figures.rejected ?? 0, first: [] }); // otherwise those known are the import's
  return { tabs, gone: gone && !!samples };
}
