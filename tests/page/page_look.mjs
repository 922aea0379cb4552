// Opens pages in Chromium and prints, one JSON line a view, what a visitor would see and what would trouble one.
// Usage: node page_look.mjs CHROMIUM VIEWS.json, where VIEWS is [{"name","url","width","scheme","shot"}].
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [executablePath, list] = process.argv.slice(2);
const views = JSON.parse(readFileSync(list, "utf8"));

// Runs in the page: everything that the tests compare, as text.
function read() {
  const texts = (selector, from = document) => [...from.querySelectorAll(selector)].map((e) => e.textContent.trim());
  const rows = (selector) => [...document.querySelectorAll(selector + " tr")].map((r) => texts("td", r)).filter((r) => r.length);
  const lists = [...document.querySelectorAll("table.list")].map((t) => [...t.rows].map((r) => texts("td", r)).filter((r) => r.length));
  const wide = [...document.querySelectorAll("main *")].filter((e) => {
    if (e.closest(".scroll") || e.closest("pre") || e.closest("svg")) return false;
    return e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5;
  });
  const labels = [...document.querySelectorAll(".chart text")].filter((e) => e.getClientRects().length);
  return {
    lang: document.documentElement.lang,
    title: document.title,
    h1: texts("h1"),
    h2: [...document.querySelectorAll("h2")].map((h) => h.firstChild.textContent.trim()),
    figures: texts(".kpi b"),
    legend: texts(".legend b"),
    lists,
    heat: rows("table.heat"),
    bars: texts(".on-laptop .bar title"),
    choices: [...document.querySelectorAll("nav a")].map((a) => [a.textContent, a.getAttribute("href"), a.getAttribute("aria-current")]),
    empty: texts(".empty"),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    wide: wide.map((e) => e.outerHTML.slice(0, 80)),
    // the smallest letters of a chart, in pixels of the screen
    smallest: Math.min(99, ...labels.map((e) => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)),
    violations: window.policyViolations,
  };
}

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
for (const view of views) {
  const context = await browser.newContext({ viewport: { width: view.width, height: 900 }, colorScheme: view.scheme, locale: "en-US" });
  const page = await context.newPage();
  const troubles = [], requests = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && troubles.push(m.text()));
  page.on("pageerror", (e) => troubles.push(String(e)));
  page.on("request", (r) => requests.push(r.url()));
  await page.addInitScript(() => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.policyViolations.push(e.violatedDirective + " " + e.blockedURI));
  });
  const reply = await page.goto(view.url, { waitUntil: "load" });
  const seen = await page.evaluate(read);
  if (view.shot) await page.screenshot({ path: view.shot, fullPage: true });
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const faults = found.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)) }));
  console.log(JSON.stringify({ view, status: reply.status(), troubles, requests, faults, ...seen }));
  await context.close();
}
await browser.close();
