// What is drawn: an option of ECharts for each kind of reply. Tips are drawn on the canvas, since the policy of the
// page takes no styles in markup.
import { clock, count, day, percent, short } from "./format";
import { kindName, kindNames } from "./kinds";
import { STAGES, type Cohort, type Overview, type Reply } from "./types";

export interface Paint {
  ink: string; soft: string; line: string; card: string; accent: string; heat: string; bg: string; bad: string; gold: string;
  stages: string[]; font: string; narrow: boolean;
}
export type Words = (key: string, named?: Record<string, unknown>) => string;
type Series = Record<string, unknown>;

const palette = (p: Paint) => [p.accent, p.stages[2], p.gold, p.stages[6], p.stages[1], p.bad, p.stages[5], p.stages[0]];

function frame(p: Paint, xs: string[], series: Series[], more: object = {}) {
  const named = series.length > 1;
  return {
    animation: false,
    color: palette(p),
    textStyle: { fontFamily: p.font, color: p.soft },
    grid: { left: 4, right: 12, top: 14, bottom: named ? 34 : 4, containLabel: true },
    tooltip: {
      trigger: "axis", renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontFamily: p.font, fontSize: 12 },
      axisPointer: { lineStyle: { color: p.soft } }, valueFormatter: (v: unknown) => count(v), order: "valueDesc",
    },
    legend: named ? { type: "scroll", bottom: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: p.soft }, pageTextStyle: { color: p.soft } } : undefined,
    xAxis: {
      type: "category", data: xs, axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { color: p.soft, hideOverlap: true, fontSize: 11 },
    },
    yAxis: { type: "value", splitNumber: 4, axisLabel: { color: p.soft, formatter: short, fontSize: 11 }, splitLine: { lineStyle: { color: p.line } } },
    series,
    ...more,
  };
}

const time = (at: string, by: unknown) => (by === "hour" ? day(at).slice(5) + " " + clock(at) : by === "month" ? at.slice(0, 7) : day(at));

/** Stock of the stages, one area above the other; the most engaged lie at the bottom. */
export function stages(rows: Overview["stages"], t: Words) {
  return (p: Paint) =>
    frame(
      p,
      rows.map((r) => day(r.at)),
      STAGES.map((s, i) => ({
        name: t("stage." + s), type: "line", stack: "all", symbol: "none", lineStyle: { width: 0 }, areaStyle: { color: p.stages[i], opacity: 1 }, itemStyle: { color: p.stages[i] },
        data: rows.map((r) => r[s]), emphasis: { disabled: true },
      })),
      { xAxis: { type: "category", boundaryGap: false, data: rows.map((r) => day(r.at)), axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { color: p.soft, hideOverlap: true, fontSize: 11 } } },
    );
}

export function days(rows: { at: string; value: number }[], name: string) {
  return (p: Paint) => frame(p, rows.map((r) => day(r.at)), [{ name, type: "bar", data: rows.map((r) => r.value), itemStyle: { color: p.accent, borderRadius: [2, 2, 0, 0] }, barCategoryGap: "18%" }]);
}

type Point = { at: string; key?: unknown; value: number | null };

function trend(reply: Reply, t: Words, before?: Reply) {
  const points = reply.points as Point[];
  const by = reply.query.trend?.by;
  const xs = [...new Set(points.map((q) => q.at))];
  const keys = points.length && "key" in points[0] ? [...new Set(points.map((q) => q.key))] : [undefined];
  const series: Series[] = keys.map((k) => ({
    name: k === undefined ? t("insight.now") : k === null ? t("insight.none") : k === "$rest" ? t("insight.rest") : kindName(String(k), t),
    type: xs.length > 1 ? "line" : "bar", symbol: "circle", symbolSize: 4, showSymbol: xs.length < 60, lineStyle: { width: 2 }, barMaxWidth: 60,
    data: points.filter((q) => q.key === k).map((q) => q.value),
  }));
  if (before) {
    series.push({
      name: t("insight.before"), type: "line", symbol: "none", lineStyle: { width: 1.5, type: "dashed" },
      data: (before.points as Point[]).slice(0, xs.length).map((q) => q.value),
    });
  }
  return (p: Paint) => frame(p, xs.map((x) => time(x, by)), keys.length === 1 && !before ? [{ ...series[0], areaStyle: { opacity: 0.1 } }] : series);
}

type Step = { kind: unknown; members: number; rate_from_first: number | null };

function funnel(reply: Reply, t: Words, before?: Reply) {
  const bars = (r: Reply, name: string, p: Paint, color: string) => ({
    name, type: "bar", data: (r.steps as Step[]).map((s) => s.members), itemStyle: { color, borderRadius: [0, 4, 4, 0] }, barMaxWidth: 34,
    label: { show: true, position: "right", color: p.ink, formatter: (q: { dataIndex: number; value: number }) => `${count(q.value)}  ${percent((r.steps as Step[])[q.dataIndex].rate_from_first)}` },
  });
  return (p: Paint) => {
    const series = [bars(reply, t("insight.now"), p, p.accent)];
    if (before) series.push(bars(before, t("insight.before"), p, p.stages[5]));
    const names = (reply.steps as Step[]).map((s, i) => `${i + 1}  ${kindNames(s.kind, t)}`);
    return frame(p, [], series, {
      grid: { left: 4, right: 110, top: 6, bottom: before ? 34 : 4, containLabel: true },
      xAxis: { type: "value", show: false },
      yAxis: { type: "category", inverse: true, data: names, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: p.ink, width: p.narrow ? 110 : 220, overflow: "truncate" } },
    });
  };
}

/** Means of the cohorts, weighed by their size: one line. The triangle itself is a table. */
export function retentionMean(cohorts: Cohort[], t: Words) {
  const periods = Math.max(0, ...cohorts.map((c) => c.returned.length));
  const mean = Array.from({ length: periods }, (_, k) => {
    const begun = cohorts.filter((c) => c.returned[k] !== null && c.returned[k] !== undefined);
    const size = begun.reduce((n, c) => n + c.size, 0);
    return size ? begun.reduce((n, c) => n + (c.returned[k] as number), 0) / size : null;
  });
  return (p: Paint) => {
    const o = frame(p, mean.map((_, k) => String(k)), [{ name: t("insight.share"), type: "line", data: mean, symbol: "circle", symbolSize: 5, areaStyle: { opacity: 0.1 } }]) as Record<string, any>;
    o.yAxis.axisLabel.formatter = (v: number) => percent(v, 0);
    o.tooltip.valueFormatter = (v: unknown) => percent(v);
    return o;
  };
}

function paths(reply: Reply, t: Words) {
  const list = reply.paths as { kinds: string[]; occurrences: number }[];
  const anchor = reply.query.paths?.anchor as { kind: unknown };
  const start = kindNames(anchor.kind, t);
  const links = new Map<string, number>();
  const names = new Set<string>();
  for (const path of list) {
    let from = "0 " + start;
    names.add(from);
    const kinds = path.kinds.length < Number(reply.query.paths?.depth ?? 3) ? [...path.kinds.map((k) => kindName(k, t)), t("insight.ended")] : path.kinds.map((k) => kindName(k, t));
    kinds.forEach((kind, i) => {
      const to = `${i + 1} ${kind}`;
      names.add(to);
      links.set(from + "\n" + to, (links.get(from + "\n" + to) ?? 0) + path.occurrences);
      from = to;
    });
  }
  const before = reply.query.paths?.direction === "before";
  return (p: Paint) => ({
    animation: false,
    color: palette(p),
    textStyle: { fontFamily: p.font },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontSize: 12 } },
    series: [{
      type: "sankey", left: 6, right: p.narrow ? 80 : 150, top: 10, bottom: 10, nodeGap: 10, nodeWidth: 14, draggable: false, orient: "horizontal",
      label: { color: p.ink, fontSize: p.narrow ? 10 : 12, formatter: (q: { name: string }) => q.name.slice(2) },
      lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
      data: [...names].map((name) => ({ name })),
      links: [...links].map(([k, value]) => {
        const [a, b] = k.split("\n");
        return before ? { source: b, target: a, value } : { source: a, target: b, value };
      }),
    }],
  });
}

function stickiness(reply: Reply, t: Words) {
  const list = reply.histogram as number[];
  return (p: Paint) => frame(p, list.map((_, i) => String(i + 1)), [{ name: t("figure.members"), type: "bar", data: list, itemStyle: { color: p.accent, borderRadius: [2, 2, 0, 0] } }]);
}

function activity(reply: Reply, t: Words) {
  const rows = reply.points as Record<string, number>[] & { at: string }[];
  const parts: [string, number][] = [["returning", 3], ["new", 1], ["resurrected", 4], ["dormant", 5]];
  return (p: Paint) =>
    frame(p, rows.map((r) => time(String(r.at), reply.query.activity?.by)), parts.map(([name, color]) => ({
      name: t("activity." + name), type: "bar", stack: "all", itemStyle: { color: p.stages[color] },
      data: rows.map((r) => (name === "dormant" ? -Number(r[name]) : r[name])),
    })));
}

type Cell = { r: number; f: number; m: number; members: number; revenue: number };

/** Recency against frequency; all of money together. */
function rfm(reply: Reply, t: Words) {
  const cells = reply.cells as Cell[];
  const rs = [...new Set(cells.map((c) => c.r))].sort((a, b) => a - b);
  const fs = [...new Set(cells.map((c) => c.f))].sort((a, b) => a - b);
  const data = rs.flatMap((r, y) => fs.map((f, x) => [x, y, cells.filter((c) => c.r === r && c.f === f).reduce((n, c) => n + c.members, 0)]));
  const most = Math.max(1, ...data.map((d) => d[2]));
  return (p: Paint) => ({
    animation: false,
    textStyle: { fontFamily: p.font },
    grid: { left: 8, right: 12, top: 8, bottom: 26, containLabel: true },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink }, formatter: (q: { value: number[] }) => `R${rs[q.value[1]]} F${fs[q.value[0]]}  ${count(q.value[2])}` },
    xAxis: { type: "category", name: t("insight.frequency"), nameLocation: "middle", nameGap: 28, nameTextStyle: { color: p.soft }, data: fs.map((f) => "F" + f), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: p.soft } },
    yAxis: { type: "category", name: t("insight.recency"), nameLocation: "middle", nameGap: 34, nameTextStyle: { color: p.soft }, data: rs.map((r) => "R" + r), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: p.soft } },
    visualMap: { show: false, min: 0, max: most, inRange: { color: [p.bg, p.heat] } },
    series: [{ type: "heatmap", data, itemStyle: { borderColor: p.card, borderWidth: 3, borderRadius: 5 }, label: { show: true, color: p.ink, formatter: (q: { value: number[] }) => count(q.value[2]) } }],
  });
}

/** From stages at the beginning to stages at the end. */
export function flow(reply: { flow: number[][]; arrived?: number[] }, t: Words) {
  const links: { source: string; target: string; value: number }[] = [];
  const used = new Set<string>();
  const link = (from: string, j: number, value: number) => {
    if (!value) return;
    const target = t("stage." + STAGES[j]) + " ";
    used.add(from).add(target);
    links.push({ source: from, target, value });
  };
  reply.flow.forEach((row, i) => row.forEach((n, j) => link(t("stage." + STAGES[i]), j, n)));
  (reply.arrived ?? []).forEach((n, j) => link(t("insight.arrived"), j, n));
  const color = (p: Paint, name: string) => {
    const i = STAGES.findIndex((s) => t("stage." + s) === name.trim());
    return i < 0 ? p.soft : p.stages[i];
  };
  return (p: Paint) => ({
    animation: false,
    textStyle: { fontFamily: p.font },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontSize: 12 } },
    series: [{
      type: "sankey", left: 6, right: p.narrow ? 66 : 90, top: 8, bottom: 8, nodeGap: 9, nodeWidth: 14, draggable: false, layoutIterations: 0,
      label: { color: p.ink, fontSize: 12, formatter: (q: { name: string }) => q.name.trim() },
      lineStyle: { color: "gradient", opacity: 0.35 },
      data: [t("insight.arrived"), ...STAGES.map((s) => t("stage." + s)), ...STAGES.map((s) => t("stage." + s) + " ")].filter((n) => used.has(n)).map((name) => ({ name, itemStyle: { color: color(p, name) } })),
      links,
    }],
  });
}

function repeat(reply: Reply, t: Words) {
  const rows = (reply.holdout as { by_frequency: { frequency: number; expected_orders: number; orders: number }[] }).by_frequency;
  return (p: Paint) =>
    frame(p, rows.map((r) => (r.frequency === 7 ? "7+" : String(r.frequency))), [
      { name: t("insight.actual"), type: "bar", data: rows.map((r) => r.orders), itemStyle: { color: p.accent } },
      { name: t("insight.expected"), type: "bar", data: rows.map((r) => r.expected_orders), itemStyle: { color: p.gold } },
    ]);
}

/** The picture of a reply; null where figures alone say it. */
export function chartOf(reply: Reply, t: Words, before?: Reply): ((p: Paint) => object) | null {
  const name = Object.keys(reply.query)[0];
  if (name === "trend" && (reply.points as unknown[]).length) return trend(reply, t, before);
  if (name === "funnel") return funnel(reply, t, before);
  if (name === "retention" && (reply.cohorts as Cohort[]).length) return retentionMean(reply.cohorts as Cohort[], t);
  if (name === "paths" && (reply.paths as unknown[]).length) return paths(reply, t);
  if (name === "stickiness") return stickiness(reply, t);
  if (name === "lifecycle") return flow(reply as unknown as { flow: number[][] }, t);
  if (name === "activity") return activity(reply, t);
  if (name === "rfm" && (reply.cells as Cell[]).length) return rfm(reply, t);
  if (name === "repeat" && reply.holdout) return repeat(reply, t);
  return null;
}
