// Pictures of a group: its scores by day, and its members in circles.
import type { Paint, Words } from "./charts";
import { count } from "./format";
import type { Answer } from "./routes";

type Health = Answer<"GET", "/{brand}/groups/{id}/health">;
type Life = Answer<"GET", "/{brand}/groups/{id}/life">;
type Graph = Answer<"GET", "/{brand}/groups/{id}/graph">;
export const SCORES = ["monologue", "staged", "self_centred", "self_driven", "led"] as const;
const colours = (p: Paint) => [p.bad, p.gold, p.stages[6], p.accent, p.stages[2]];

export function scores(history: Health["history"], t: Words) {
  return (p: Paint) => ({
    animation: false,
    color: colours(p),
    textStyle: { fontFamily: p.font, color: p.soft },
    grid: { left: 4, right: 12, top: 14, bottom: 34, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontFamily: p.font, fontSize: 12 }, valueFormatter: (v: unknown) => (Number(v) * 100).toFixed(0) },
    legend: { type: "scroll", bottom: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: p.soft }, pageTextStyle: { color: p.soft } },
    xAxis: { type: "category", boundaryGap: false, data: history.map((d) => d.day), axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { color: p.soft, hideOverlap: true, fontSize: 11 } },
    yAxis: { type: "value", min: 0, max: 1, interval: 0.25, axisLabel: { color: p.soft, fontSize: 11, formatter: (v: number) => (v * 100).toFixed(0) }, splitLine: { lineStyle: { color: p.line } } },
    series: SCORES.map((s) => ({ name: t("archetype." + s), type: "line", symbol: "circle", symbolSize: 4, showSymbol: history.length < 40, lineStyle: { width: 2 }, data: history.map((d) => d.scores[s]) })),
  });
}

/** The life curve: a share of members by month of the group's age; the month under way is dashed. */
export function lifeCurve(life: Life, t: Words) {
  const months = life.months.map((m) => m.rate);
  const running = life.running.members ? life.running.active / life.running.members : null;
  const names = [...months.map((_, i) => String(i + 1)), ...(running === null ? [] : [String(months.length + 1)])];
  const axis = (p: Paint) => ({ color: p.soft, fontSize: 11 });
  return (p: Paint) => ({
    animation: false,
    color: [p.accent, p.soft],
    textStyle: { fontFamily: p.font, color: p.soft },
    grid: { left: 4, right: 12, top: 14, bottom: 6, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontFamily: p.font, fontSize: 12 }, valueFormatter: (v: unknown) => (v === null || v === undefined ? "–" : (Number(v) * 100).toFixed(0) + "%") },
    xAxis: { type: "category", data: names.map((n) => t("life.monthN", { n })), axisLine: { lineStyle: { color: p.line } }, axisTick: { show: false }, axisLabel: { ...axis(p), hideOverlap: true } },
    yAxis: { type: "value", min: 0, max: 1, interval: 0.25, axisLabel: { ...axis(p), formatter: (v: number) => (v * 100).toFixed(0) + "%" }, splitLine: { lineStyle: { color: p.line } } },
    series: [
      { name: t("life.rate"), type: "line", symbol: "circle", symbolSize: 6, lineStyle: { width: 2 }, data: months.map((v, i) => (i + 1 === life.cliff ? { value: v, symbolSize: 11, itemStyle: { color: p.bad } } : v)) },
      ...(running === null ? [] : [{ name: t("life.running"), type: "line", symbol: "emptyCircle", symbolSize: 6, lineStyle: { width: 2, type: "dashed" as const }, data: names.map((_, i) => (i === months.length ? running : i === months.length - 1 ? months[i] : null)) }]),
    ],
  });
}

/** Rings around the middle, the core within: a place that does not jump when a message comes. */
export function circles(graph: Graph, t: Words, name: (n: Graph["nodes"][number]) => string) {
  const radius: Record<string, number> = { core: 60, influence: 170, periphery: 270 };
  const named = new Set([...graph.nodes].sort((a, b) => b.influence - a.influence).slice(0, 14)); // more would lie over each other
  const most = Math.max(...graph.nodes.map((n) => n.influence), 1e-9);
  const tied = new Set(graph.edges.flatMap((e) => [e.from, e.to]));
  const seen: Record<string, number> = {};
  const total: Record<string, number> = {};
  const ring = (n: Graph["nodes"][number], i: number) => (n.circle === "periphery" && !tied.has(i) ? "silent" : n.circle);
  graph.nodes.forEach((n, i) => (total[ring(n, i)] = (total[ring(n, i)] ?? 0) + 1));
  const rings = Math.min(3, Math.ceil((total["core"] ?? 0) / 10)); // a core of many stands in several, or its dots would touch
  const within = (k: number) => (total["core"] === 1 ? 0 : radius["core"]! + (rings > 1 ? ((k % rings) * 72) / (rings - 1) : 0));
  // beside a dot, on the side that looks out of the picture
  const side = (x: number, y: number) => (Math.abs(y) > 2 * Math.abs(x) ? (y < 0 ? "top" : "bottom") : x < 0 ? "left" : "right");
  const nodes = graph.nodes.map((n, i) => {
    const r = ring(n, i);
    const k = (seen[r] = (seen[r] ?? -1) + 1);
    const angle = (k / total[r]!) * 2 * Math.PI + (r === "influence" ? 0.3 : 0);
    const away = r === "silent" ? 330 + (k % 3) * 14 : r === "core" ? within(k) : radius[r]! + (k % 3) * 18;
    return { i, n, x: away * Math.cos(angle), y: away * Math.sin(angle), size: 6 + 22 * Math.sqrt(n.influence / most) };
  });
  return (p: Paint) => ({
    animation: false,
    tooltip: { renderMode: "richText", confine: true, backgroundColor: p.card, borderColor: p.line, textStyle: { color: p.ink, fontFamily: p.font, fontSize: 12 } },
    series: [
      {
        type: "graph", layout: "none", roam: true, preserveAspect: true, categories: ["core", "influence", "periphery"].map((c) => ({ name: t("circleName." + c) })),
        label: { color: p.ink, fontFamily: p.font, fontSize: 11, textBorderColor: p.card, textBorderWidth: 2 }, labelLayout: { hideOverlap: true }, emphasis: { focus: "adjacency" }, left: 20, right: 20, top: 20, bottom: 20,
        data: nodes.map(({ i, n, x, y, size }) => ({
          id: String(i), name: name(n), x, y, symbolSize: p.narrow ? size * 0.7 : size,
          itemStyle: { color: n.circle === "core" ? p.bad : n.circle === "influence" ? p.accent : p.stages[2], opacity: tied.has(i) ? 1 : 0.35 },
          label: { show: named.has(n) && (!p.narrow || n.circle === "core"), position: side(x, y) },
          tooltip: { formatter: () => t("health.tip", { name: name(n), circle: t("circleName." + n.circle), influence: (n.influence * 100).toFixed(1) + "%", messages: count(n.messages) }) },
        })),
        links: graph.edges.map((e) => ({ source: String(e.from), target: String(e.to), lineStyle: { width: Math.min(5, 0.4 + Math.log2(1 + e.weight) * 0.6), color: p.soft, opacity: 0.35, curveness: 0.12 }, tooltip: { show: false } })),
      },
    ],
  });
}
