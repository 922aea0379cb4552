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

const RETURNS = 8; // to one stage within the weeks of the picture, that are told apart

/** Who stands in `to` now and stood in `from` at `since`; `from` null: in none. Who goes from one stage to another leaves the first once
 * more than they came to it; who ends where they began, as often. */
export function moved(from: Stage | null, to: Stage, since: string): string {
  const at = since.slice(11, 19) === "00:00:00" ? day(since) : since;
  const changed = (where: string, more = "") => `did("lifecycle.changed", from ${at}, where props.${where}${more})`;
  if (!from) return `lifecycle = "${to}" and ${changed("from is null")}`;
  const more = from === to ? 0 : 1;
  const ways = Array.from({ length: RETURNS }, (_, n) => `${changed(`from = "${from}"`, `, count = ${n + more}`)} and ${changed(`to = "${from}"`, `, count = ${n}`)}`);
  return `lifecycle = "${to}" and (${ways.join(" or ")})`;
}
