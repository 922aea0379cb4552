// What the walks share: a visitor of their own, how a screen is judged, and going from one to another.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [executablePath, file] = process.argv.slice(2);
export const plan = JSON.parse(readFileSync(file, "utf8"));
export const t = plan.words;

export const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const waiting = new WeakMap(); // of a page: requests under way, and when the last one began or ended
export const say = (step, seen = {}) => console.log(JSON.stringify({ step, ...seen }));

/** A visitor of their own: cookies, and a list of what went wrong. */
export async function visitor(size = { width: 1440, height: 900 }, scheme = "light") {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale: plan.lang, acceptDownloads: true });
  const page = await context.newPage();
  const state = { open: new Set(), last: Date.now() };
  const over = (r) => state.open.delete(r) && (state.last = Date.now());
  waiting.set(page, state);
  page.on("request", (r) => !r.url().includes("/stream?") && state.open.add(r) && (state.last = Date.now()));
  page.on("requestfinished", over);
  page.on("requestfailed", over);
  page.setDefaultTimeout(30000);
  const seen = { troubles: [], foreign: [], bytes: 0, failed: [] };
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && seen.troubles.push(m.text() + " " + m.location().url));
  page.on("pageerror", (e) => seen.troubles.push(String(e)));
  page.on("request", (r) => r.url().startsWith(plan.url + "/") || r.url().startsWith("data:") || r.url().startsWith("blob:") || seen.foreign.push(r.url()));
  page.on("response", (r) => r.status() >= 500 && seen.failed.push(r.status() + " " + r.url()));
  await page.addInitScript((lang) => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.policyViolations.push(e.violatedDirective + " " + e.blockedURI));
    if (!localStorage.getItem("wf.lang")) localStorage.setItem("wf.lang", lang);
  }, plan.lang);
  return { context, page, seen };
}

/** What a screen shows that would trouble someone: axe's faults, and what is wider than the page. */
export async function judge(page) {
  // what fades in or out has no contrast of its own yet
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== "running" || a.effect.getTiming().iterations === Infinity));
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    return {
      faults: found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => ({ id: v.id, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")) })),
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      violations: window.policyViolations,
      lang: document.documentElement.lang,
      h1: [...document.querySelectorAll("h1")].map((h) => h.textContent.trim()),
      keys: document.body.innerText.match(/\b[a-z]+\.[a-z]+[A-Z]\w*\b/g) ?? [],
    };
  });
}
/** Until nothing was asked for in the last third of a second, but for what a page listens to all along. */
export async function settle(page) {
  await page.waitForLoadState("load");
  const state = waiting.get(page);
  for (const end = Date.now() + 30000; state.open.size || Date.now() - state.last < 300; await page.waitForTimeout(50)) {
    if (Date.now() > end) throw new Error("never settles: " + [...state.open].map((r) => r.url()).join(" "));
  }
}
export const texts = (page, selector) => page.$$eval(selector, (l) => l.map((e) => e.textContent.trim()));
export async function go(page, path) {
  await page.goto(plan.url + "/console" + path);
  await settle(page);
}
export async function signIn(page, name, password) {
  await page.fill('input[name="name"]', name);
  await page.fill('input[name="password"]', password);
  await page.click("form button.main");
  await page.waitForURL(/\/console\/(overview|settings)/);
  await settle(page);
}
/** Say yes to what asks first. */
export async function agree(page) {
  await page.waitForSelector(".el-message-box");
  const asked = await page.textContent(".el-message-box__message");
  await page.click(".el-message-box .el-button--primary");
  return asked;
}
