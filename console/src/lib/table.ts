// A reply as a table: columns and rows of texts.
import type { RouteLocationRaw } from "vue-router";
import { count, day, minute, money, percent, span } from "./format";
import { kindName, kindNames } from "./kinds";
import { STAGES, type Cohort, type Reply } from "./types";
import type { Words } from "./charts";

export interface Table {
  head: string[];
  rows: { cells: string[]; heat?: (number | null)[]; to?: (RouteLocationRaw | undefined)[] }[]; // `to`: where a cell leads
  numbers: number; // columns from this one on are figures
}
interface Step {
  kind: unknown; members: number; rate_from_first: number | null; rate_from_previous: number | null; p50_ms: number | null;
}
type Row = Record<string, unknown>;

export function heatOf(share: number): number {
  return [0.05, 0.15, 0.3, 0.45, 0.6].filter((s) => share >= s).length;
}

export function triangle(cohorts: Cohort[], t: Words, brackets?: number[]): Table {
  const periods = Math.max(0, ...cohorts.map((c) => c.returned.length));
  const names = brackets ? brackets.map((b) => "≤" + b) : Array.from({ length: periods }, (_, k) => String(k));
  return {
    head: [t("insight.cohort"), t("figure.members"), ...names],
    numbers: 1,
    rows: cohorts.map((c) => {
      const shares = c.returned.map((n) => (n === null || !c.size ? null : n / c.size));
      return { cells: [day(c.at), count(c.size), ...shares.map((s) => (s === null ? "" : percent(s, 0)))], heat: [null, null, ...shares.map((s) => (s === null ? null : heatOf(s)))] };
    }),
  };
}

const key = (k: unknown, t: Words) => (k === null ? t("insight.none") : k === "$rest" ? t("insight.rest") : kindName(String(k), t));

function steps(list: Step[], t: Words, zh: boolean, head: string[] = []) {
  return list.map((s, i) => ({
    cells: [...head, `${i + 1}. ${kindNames(s.kind, t)}`, count(s.members), percent(s.rate_from_first), percent(s.rate_from_previous), span(s.p50_ms, zh)],
  }));
}

export function tableOf(reply: Reply, t: Words, zh: boolean, currency: string): Table {
  const name = Object.keys(reply.query)[0];
  const rows = (list: unknown) => list as Row[];
  switch (name) {
    case "trend": {
      const points = rows(reply.points);
      const keyed = points.some((p) => "key" in p);
      const cash = ["amount", "average"].includes(String(reply.query.trend.measure));
      const at = reply.query.trend.by === "hour" ? minute : day;
      return {
        head: [t("insight.time"), ...(keyed ? [t("insight.breakdown")] : []), t("insight.value")],
        numbers: keyed ? 2 : 1,
        rows: points.map((p) => ({ cells: [at(p.at), ...(keyed ? [key(p.key, t)] : []), cash ? money(p.value, currency) : count(p.value)] })),
      };
    }
    case "funnel": {
      const head = [t("insight.step"), t("figure.members"), t("insight.fromFirst"), t("insight.fromPrevious"), t("insight.median")];
      const groups = reply.groups as { key: unknown; steps: Step[] }[] | undefined;
      if (!groups) return { head, numbers: 1, rows: steps(reply.steps as Step[], t, zh) };
      return {
        head: [t("insight.breakdown"), ...head], numbers: 2,
        rows: [...steps(reply.steps as Step[], t, zh, [t("insight.everyone")]), ...groups.flatMap((g) => steps(g.steps, t, zh, [key(g.key, t)]))],
      };
    }
    case "retention":
      return triangle(reply.cohorts as Cohort[], t, reply.query.retention.brackets as number[] | undefined);
    case "paths":
      return {
        head: [t("insight.path"), t("figure.members"), t("insight.occurrences")], numbers: 1,
        rows: rows(reply.paths).map((p) => ({ cells: [(p.kinds as string[]).map((k) => kindName(k, t)).join(" → ") || t("insight.ended"), count(p.members), count(p.occurrences)] })),
      };
    case "stickiness":
      return { head: [t("insight.activeDays"), t("figure.members")], numbers: 1, rows: (reply.histogram as number[]).map((n, i) => ({ cells: [String(i + 1), count(n)] })) };
    case "lifecycle":
      return {
        head: [t("insight.fromTo"), ...STAGES.map((s) => t("stage." + s))], numbers: 1,
        rows: [
          ...(reply.flow as number[][]).map((r, i) => ({ cells: [t("stage." + STAGES[i]), ...r.map(count)] })),
          { cells: [t("insight.arrived"), ...(reply.arrived as number[]).map(count)] },
        ],
      };
    case "activity":
      return {
        head: [t("insight.time"), ...["new", "returning", "resurrected", "dormant"].map((k) => t("activity." + k))], numbers: 1,
        rows: rows(reply.points).map((p) => ({ cells: [day(p.at), count(p.new), count(p.returning), count(p.resurrected), count(p.dormant)] })),
      };
    case "rfm":
      return {
        head: ["R", "F", "M", t("figure.members"), t("insight.revenue")], numbers: 0,
        rows: rows(reply.cells).map((c) => ({ cells: [count(c.r), count(c.f), count(c.m), count(c.members), money(c.revenue, currency)] })),
      };
    default:
      return { head: [t("insight.figure"), t("insight.value")], numbers: 1, rows: figuresOf(reply, t, currency).map(([k, v]) => ({ cells: [k, v] })) };
  }
}

/** The few figures that stand above the picture. */
export function figuresOf(reply: Reply, t: Words, currency: string): [string, string][] {
  const name = Object.keys(reply.query)[0];
  const one = (v: unknown) => (typeof v === "number" ? v.toLocaleString("en-US", { maximumFractionDigits: 1 }) : "–");
  if (name === "stickiness") {
    const [dau, mau] = [Number(reply.dau), Number(reply.mau)];
    return [["DAU", one(reply.dau)], ["WAU", one(reply.wau)], ["MAU", one(reply.mau)], ["DAU / MAU", mau ? percent(dau / mau) : "–"]];
  }
  if (name === "rfm") return [[t("insight.buyers"), count(reply.members)]];
  if (name === "paths") return [[t("insight.occurrences"), count(reply.occurrences)], [t("insight.ended"), percent(reply.ended)]];
  if (name === "segment") return [[t("figure.members"), count(reply.members)]];
  if (name === "repeat") {
    return [
      [t("insight.buyers"), count(reply.members)], [t("insight.alive"), one(reply.members_alive)],
      [t("insight.expectedOrders"), one(reply.expected_orders)],
      [t("insight.expectedRevenue"), typeof reply.expected_revenue === "number" ? money(Math.round(reply.expected_revenue), currency) : "–"],
    ];
  }
  return [];
}
