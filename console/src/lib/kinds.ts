// What a kind of event is called: the reserved ones in the reader's language, a brand's own by its label.
import { kindsZh } from "../locales/kinds";
import type { Words } from "./charts";

export function kindName(kind: string, t: Words, label?: string | null): string {
  const word = kind.replace(".", "_");
  return Object.hasOwn(kindsZh, word) ? t("kind." + word) : label || kind;
}

/** Of a query: one kind, a list, or "*". */
export function kindNames(kind: unknown, t: Words): string {
  const list = Array.isArray(kind) ? kind : [kind];
  return list.map((k) => (k === "*" ? t("query.any") : kindName(String(k), t))).join(" / ");
}

export function kindOptions(kinds: { kind: string; label?: string | null }[], t: Words) {
  return kinds.map((k) => ({ value: k.kind, label: kindName(k.kind, t, k.label) }));
}
