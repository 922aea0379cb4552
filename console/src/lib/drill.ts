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

// ---- stages: who comes to one as often as they leave it is where they were ----
const moment = (at: string) => (/^(00:00:00(?!\.)|$)/.test(at.slice(11)) ? day(at) : at);
const changed = (span: string, where: string, n?: number) => `did("lifecycle.changed", ${span}where props.${where}${n === undefined ? "" : `, count = ${n}`})`;
/** Changes of the one sort are `more` than those of the other, which are fewer than `most`. */
const oftener = (one: string, other: string, more: number, span: string, most: number) =>
  `(${Array.from({ length: most }, (_, n) => `${changed(span, one, n + more)} and ${changed(span, other, n)}`).join(" or ")})`;
const came = (s: Stage) => `to = "${s}"`;
const left = (s: Stage) => `from = "${s}"`;

/** Who stood in a stage right before a moment, unless they had left it sixteen times by then. */
export const stood = (stage: Stage, before: string, most = 16) => oftener(came(stage), left(stage), 1, `to ${moment(before)}, `, most);

/** Who stands in a stage as the overview counts them: now, or at the end of a history that ended. */
export const stands = (stage: Stage, o: Pick<Overview, "ended" | "as_of">) => (o.ended ? stood(stage, o.as_of) : `lifecycle = "${stage}"`);

/** Who stands in `to` and stood in `from` when the flow began; `from` null: in none. */
export function moved(from: Stage | null, to: Stage, o: Pick<Overview, "ended" | "as_of" | "flow_from">): string {
  const since = `from ${moment(o.flow_from ?? o.as_of)}, `;
  if (!o.ended) return `lifecycle = "${to}" and ${from ? oftener(left(from), came(from), from === to ? 0 : 1, since, 8) : changed(since, "from is null")}`;
  const span = `${since}to ${moment(o.as_of)}, `;
  if (from === to) return `${stood(to, o.as_of, 12)} and ${oftener(left(to), came(to), 0, span, 5)}`;
  return `${from ? oftener(left(from), came(from), 1, span, 5) : changed(span, "from is null")} and ${oftener(came(to), left(to), 1, span, 5)}`;
}
