// The small builder's side of the expression language: one condition of a member as text.
export type FieldType = "stage" | "trust" | "number" | "money" | "time" | "date" | "bool" | "code" | "owner" | "text";

/** As the list of fields is parted, in this order. */
export const PARTS = ["who", "acts", "orders", "scores"] as const;
export const FIELDS: { name: string; type: FieldType; part: (typeof PARTS)[number] }[] = [
  { name: "lifecycle", type: "stage", part: "who" }, { name: "trust", type: "trust", part: "who" }, { name: "owner", type: "owner", part: "who" },
  { name: "created", type: "time", part: "who" }, { name: "joined", type: "time", part: "who" }, { name: "birthday", type: "date", part: "who" }, { name: "groups", type: "code", part: "who" },
  { name: "contacts", type: "number", part: "who" }, { name: "invited", type: "number", part: "who" }, { name: "qualified", type: "number", part: "who" },
  { name: "touchpoint", type: "text", part: "who" }, { name: "language", type: "text", part: "who" }, { name: "timezone", type: "text", part: "who" },
  { name: "returned", type: "bool", part: "who" }, { name: "reads", type: "bool", part: "who" }, { name: "silent_buyer", type: "bool", part: "who" }, { name: "outside", type: "bool", part: "who" },
  { name: "last_seen", type: "time", part: "acts" }, { name: "last_interaction", type: "time", part: "acts" }, { name: "last_act", type: "time", part: "acts" },
  { name: "act_days", type: "number", part: "acts" }, { name: "usual_days", type: "number", part: "acts" }, { name: "pace", type: "number", part: "acts" },
  { name: "orders", type: "number", part: "orders" }, { name: "spent", type: "money", part: "orders" }, { name: "last_order", type: "time", part: "orders" },
  { name: "order_gap", type: "number", part: "orders" }, { name: "order_due", type: "time", part: "orders" },
  { name: "rfm_r", type: "number", part: "scores" }, { name: "rfm_f", type: "number", part: "scores" }, { name: "rfm_m", type: "number", part: "scores" },
  { name: "p_alive", type: "number", part: "scores" }, { name: "p_alive_drop", type: "number", part: "scores" }, { name: "expected_orders", type: "number", part: "scores" }, { name: "expected_value", type: "money", part: "scores" },
];

export interface Condition {
  field: string; // of FIELDS, "did", or "trait.NAME"
  op: string;
  value: string;
  kind?: string; // of did
  times?: number;
  days?: number; // within, of did; 0 = ever
}

export function quoted(text: string): string {
  return '"' + text.replace(/\\/g, "\\\\").replace(/"/g, '\\"') + '"';
}

export function opsOf(type: FieldType | "did"): string[] {
  switch (type) {
    case "stage": return ["=", "!="];
    case "trust": return [">=", "=", "<="];
    case "number": case "money": return [">=", "=", "<="];
    case "time": return ["recent", "before", "never"];
    case "date": return ["within", "known", "never"];
    case "owner": return ["=", "!=", "none"];
    case "bool": return ["true", "false"];
    case "code": return ["in", "none"];
    case "text": return ["=", "~", "known"];
    default: return ["did", "didnot"];
  }
}

export function typeOf(field: string, traits: { name: string; type: string }[] = []): FieldType | "did" {
  if (field === "did") return "did";
  const own = FIELDS.find((f) => f.name === field);
  if (own) return own.type;
  const trait = traits.find((t) => "trait." + t.name === field);
  return trait?.type === "number" ? "number" : trait?.type === "bool" ? "bool" : "text";
}

const plain = /^[a-z0-9_]+$/;

/** One condition in the language; "" while it is not finished. `minor` is how many minor units money has. */
export function written(c: Condition, type: FieldType | "did", minor = 100): string {
  const name = c.field.startsWith("trait.") && !plain.test(c.field.slice(6)) ? "trait." + quoted(c.field.slice(6)) : c.field;
  if (type === "did") {
    if (!c.kind) return "";
    const times = (c.times ?? 1) > 1 ? `, count >= ${c.times}` : "";
    const within = c.days ? `, within ${c.days}d` : "";
    return `${c.op === "didnot" ? "not " : ""}did(${quoted(c.kind)}${times}${within})`;
  }
  if (type === "bool") return `${name} = ${c.op}`;
  if (c.op === "never" || c.op === "none") return `${name} is null`;
  if (c.op === "known") return `${name} is not null`;
  if (c.value === "") return "";
  if (type === "time") return c.op === "recent" ? `${name} >= now - ${Number(c.value)}d` : `${name} < now - ${Number(c.value)}d`;
  if (type === "date") return `anniv(${name}) between today and today + ${Number(c.value)}d`;
  if (type === "money") return `${name} ${c.op} ${Math.round(Number(c.value) * minor)}`;
  if (type === "number") return `${name} ${c.op} ${Number(c.value)}`;
  return `${name} ${c.op === "in" ? "=" : c.op} ${quoted(c.value)}`;
}

/** Append a condition to what is written already. */
export function joined(text: string, word: "and" | "or", next: string): string {
  const before = text.trim();
  if (!before) return next;
  const wrap = word === "and" && /\bor\b/.test(before) ? `(${before})` : before;
  return `${wrap} ${word} ${next}`;
}
