// From a figure to the members behind it: the expression that selects them.
import { quoted } from "./expr";
import { day } from "./format";
import type { Catalog, Overview, Stage } from "./types";

const LONGEST = 4096; // bytes of an expression

/** The calendar day `n` days after `date` (YYYY-MM-DD). */
export function shifted(date: string, n: number): string {
  const [y, m, d] = date.split("-").map(Number);
  return new Date(Date.UTC(y, m - 1, d + n)).toISOString().slice(0, 10);
}

export function kindDone(kind: string): string {
  return `did(${quoted(kind)})`;
}

/** With any event in the 28 days that end with the last one shown. */
export function active(o: Pick<Overview, "ended" | "days">): string {
  const last = day(o.days.at(-1)?.at);
  return o.ended ? `last_seen >= ${shifted(last, -27)}` : "last_seen >= today - 27d";
}

/** With any event in [from, to): every kind that the brand has is asked for; "" when they are too many for an expression. */
export function seen(from: string, to: string, kinds: Catalog["kinds"]): string {
  const own = kinds.filter((k) => !k.derived && !["lifecycle.changed", "trust.changed"].includes(k.kind));
  const text = own.map((k) => `did(${quoted(k.kind)}, from ${from}, to ${to})`).join(" or ");
  return own.length <= 64 && new TextEncoder().encode(text).length <= LONGEST - 100 ? text : "";
}

export const onDay = (date: string, kinds: Catalog["kinds"]) => seen(date, shifted(date, 1), kinds);

/** A cohort of the weekly triangle; with `k`, those of it who came back in the k-th week after. */
export function cohort(week: string, k: number | null, kinds: Catalog["kinds"]): string {
  const born = `created >= ${week} and created < ${shifted(week, 7)}`;
  if (k === null || k === 0) return born;
  const back = seen(shifted(week, 7 * k), shifted(week, 7 * k + 7), kinds);
  return back && `${born} and (${back})`;
}

/** Who stands in `to` and left `from` in the last 28 days; `from` null: who appeared. */
export function moved(from: Stage | null, to: Stage): string {
  if (from === to) return `lifecycle = "${to}" and not did("lifecycle.changed", within 28d)`;
  return `lifecycle = "${to}" and did("lifecycle.changed", within 28d, where props.from ${from ? `= "${from}"` : "is null"})`;
}
