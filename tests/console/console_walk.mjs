// Walks through the console in Chromium as a person would, and prints one JSON line a step: what was seen, and what
// would trouble one. Usage: node console_walk.mjs CHROMIUM PLAN.json, PLAN = {url, code, lang, words, shots?}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [executablePath, file] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(file, "utf8"));
const t = plan.words;

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const say = (step, seen = {}) => console.log(JSON.stringify({ step, ...seen }));

// A visitor of their own: cookies, and a list of what went wrong.
async function visitor(size = { width: 1440, height: 900 }, scheme = "light") {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale: plan.lang, acceptDownloads: true });
  const page = await context.newPage();
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

// What a screen shows that would trouble someone: axe's faults, and what is wider than the page.
async function judge(page) {
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
const settle = (page) => page.waitForLoadState("networkidle");
const go = async (page, path) => {
  await page.goto(plan.url + "/console" + path);
  await settle(page);
};

async function pictures() {
  const first = await visitor();
  await go(first.page, "/signin");
  await signIn(first.page, "owner", plan.password);
  const member = await first.page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/members?limit=1&sort=stage&order=asc&stage=core`)).json()).items[0]?.id, plan.brand);
  const state = await first.context.storageState();
  const kinds = ["trend", "funnel", "retention", "paths", "stickiness", "lifecycle", "activity", "rfm", "repeat"];
  const sample = { trend: { measure: "members" }, funnel: { steps: [{ kind: "group.joined" }, { kind: "message.sent" }, { kind: "order.paid" }], window: "14d" }, retention: { birth: { kind: "group.joined" }, return: { kind: "*" }, by: "week" }, paths: { anchor: { kind: "group.joined" }, fold: true, within: "7d" }, stickiness: {}, lifecycle: { by: "week" }, activity: { by: "week" }, rfm: {}, repeat: {} };
  const screens = [
    ["overview", "/overview"], ["members", "/members"], ["members-filter", "/members?filter=" + encodeURIComponent("orders >= 2")], ["member", "/members/" + member],
    ...kinds.map((k) => ["insight-" + k, "/insight?q=" + encodeURIComponent(JSON.stringify({ [k]: sample[k] }))]), ["boards", "/boards"], ...(plan.board ? [["board", "/boards/" + plan.board]] : []),
    ...["me", "brand", "staff", "keys", "audit", "system"].map((s) => ["settings-" + s, "/settings/" + s]),
  ];
  for (const [size, width, height] of [["laptop", 1440, 900], ["phone", 390, 844], ["narrow", 360, 740], ["wide", 2560, 1300]]) {
    for (const scheme of size === "narrow" || size === "wide" ? ["light"] : ["light", "dark"]) {
      const v = await visitor({ width, height }, scheme);
      await v.context.addCookies(state.cookies);
      for (const [name, path] of [...screens, ["signin", null]]) {
        if (path === null) await v.context.clearCookies();
        await go(v.page, path ?? "/signin");
        await v.page.waitForTimeout(plan.shots ? 150 : 0);
        if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}.png`, fullPage: size !== "wide" });
        say("picture", { name, size, scheme, ...(await judge(v.page)) });
      }
      say("visitor", { name: size + scheme, ...v.seen, troubles: v.seen.troubles.filter((x) => !x.includes("401")) });
      await v.context.close();
    }
  }
}

async function signIn(page, name, password) {
  await page.fill('input[name="name"]', name);
  await page.fill('input[name="password"]', password);
  await page.click("form button.main");
  await page.waitForURL(/\/console\/(overview|settings)/);
  await settle(page);
}

async function walk() {
  const { page, seen, context } = await visitor();
  let bytes = 0;
  const sizes = [];
  page.on("requestfinished", (r) => sizes.push(r.sizes().then((s) => (bytes += s.responseBodySize + s.responseHeadersSize)).catch(() => {})));
  await go(page, "/");
  await page.waitForURL(/\/console\/setup/);
  await Promise.all(sizes);
  say("first", { bytes, ...(await judge(page)) });

  await page.fill('input[name="code"]', plan.code);
  await page.fill('input[name="name"]', "owner");
  await page.fill('input[name="display"]', "Lily");
  await page.fill('input[name="password"]', "short");
  await page.evaluate(() => document.querySelector('input[name="password"]').removeAttribute("minlength"));
  await page.click("form button.main");
  await page.waitForSelector(".note.bad, .field .wrong");
  say("refused", { text: await page.textContent("form") });
  await page.fill('input[name="password"]', plan.password);
  await page.click("form button.main");
  await page.waitForURL(/\/console\/overview/);
  await page.waitForSelector(".kpi b");
  await settle(page);
  say("setup", { kpis: await page.$$eval(".kpi b", (l) => l.map((e) => e.textContent)), stock: await page.$$eval(".stock b", (l) => l.map((e) => e.textContent)), ...(await judge(page)) });

  // out, and in by name and password
  await page.click(".side .foot button");
  await page.waitForURL(/\/console\/signin/);
  say("signin", await judge(page));
  await signIn(page, "owner", plan.password);

  await page.click('.side a[href="/console/members"]');
  await page.waitForSelector("tr.member");
  await settle(page);
  const total = await page.textContent(".title p");
  // each page is asked for when the end comes near
  await page.waitForFunction(() => {
    document.querySelector(".rows").scrollTo(0, 1e6);
    return Number([...document.querySelectorAll("tr.member")].at(-1)?.getAttribute("aria-rowindex")) > 290;
  });
  say("members", { total, drawn: await page.$$eval("tr.member", (l) => l.length), masked: await page.$$eval(".ids bdi", (l) => l.map((e) => e.textContent)), ...(await judge(page)) });

  // a wrong expression says so; the builder writes a right one
  await page.click("button.filter");
  await page.fill("textarea.code", "orders >== 2");
  await page.waitForSelector(".filters .wrong");
  const wrong = await page.textContent(".filters .wrong");
  await page.fill("textarea.code", "");
  await page.selectOption(".builder select >> nth=0", "orders");
  await page.fill(".builder input", "2");
  await page.click(".builder .btn");
  await page.waitForSelector(".filters .count");
  const expression = await page.inputValue("textarea.code");
  const count = await page.textContent(".filters .count");
  await page.click("button.apply");
  await settle(page);
  say("filter", { wrong, expression, count, total: await page.textContent(".title p"), orders: await page.$$eval("tr.member td.num:nth-of-type(5)", (l) => l.map((e) => e.textContent.trim())), ...(await judge(page)) });

  const [download] = await Promise.all([page.waitForEvent("download"), page.click("button.export")]);
  say("export", { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8").slice(0, 400) });

  await page.click("tr.member a");
  await page.waitForSelector(".day li");
  await settle(page);
  const ids = () => page.$$eval(".pairs .code", (l) => l.map((e) => e.textContent));
  const before = await ids();
  say("profile", { ids: before, why: await page.$$eval(".why p", (l) => l.map((e) => e.textContent)), events: await page.$$eval(".day li", (l) => l.length), ...(await judge(page)) });
  const reveal = page.getByRole("button", { name: t.reveal });
  if (await reveal.count()) {
    await reveal.first().click();
    await page.fill(".el-dialog input", "call back");
    await page.waitForTimeout(350); // the dialog's own fading
    const faults = (await judge(page)).faults;
    await page.click(".el-dialog .btn.main");
    await page.waitForFunction((n) => JSON.stringify([...document.querySelectorAll(".pairs .code")].map((e) => e.textContent)) !== n, JSON.stringify(before));
    say("reveal", { ids: await ids(), faults });
  }

  // a funnel, kept on a board
  await page.click('.side a[href="/console/insight"]');
  await page.waitForSelector(".answer footer");
  await page.selectOption(".build select >> nth=0", "funnel");
  await page.waitForSelector(".answer .table tbody tr");
  await settle(page);
  say("funnel", { rows: await page.$$eval(".answer tbody tr", (l) => l.map((r) => [...r.cells].map((c) => c.textContent))), ...(await judge(page)) });
  await page.click("button.keep");
  await page.fill('.el-dialog input[name="title"]', plan.question);
  await page.fill('.el-dialog input[name="board"]', plan.boardName);
  await page.click(".el-dialog .btn.main");
  await page.waitForSelector(".el-message--success");
  await page.click('.side a[href="/console/boards"]');
  await page.click(".boards a");
  await page.waitForSelector(".pinned canvas");
  await settle(page);
  say("board", { pinned: await page.$$eval(".pinned h2", (l) => l.map((e) => e.textContent.trim())), board: page.url().split("/").at(-1), ...(await judge(page)) });

  // an analyst: invited by a link, sees members, may not export
  await go(page, "/settings/staff");
  await page.fill('.invite input[name="name"]', "ann");
  await page.selectOption('.invite select[name="role"]', "analyst");
  await page.click(".invite .btn.main");
  const link = await page.textContent(".once");
  say("invite", { link, ...(await judge(page)) });
  const guest = await visitor();
  await guest.page.goto(link);
  await guest.page.click("form button.main");
  await guest.page.waitForSelector('input[name="password"]');
  say("link", { address: guest.page.url(), ...(await judge(guest.page)) });
  await guest.page.fill('input[name="password"]', plan.guestPassword);
  await guest.page.click("form button.main");
  await guest.page.waitForURL(/\/console\/overview/);
  await guest.page.click('.side a[href="/console/members"]');
  await guest.page.waitForSelector("tr.member");
  await settle(guest.page);
  const status = await guest.page.evaluate(async (brand) => (await fetch(`/api/v1/${brand}/members/export?format=csv`)).status, plan.brand);
  await guest.page.click('.side a[href="/console/settings"]');
  await guest.page.waitForSelector("form.card");
  say("analyst", { exportButtons: await guest.page.$$eval("button.export", (l) => l.length), status, tabs: await guest.page.$$eval("nav.seg a", (l) => l.map((e) => e.getAttribute("href"))) });

  // revoked: their session ends
  await page.reload();
  await page.waitForSelector(".role");
  await page.locator("tr", { hasText: "ann" }).locator(".btn.bad").click();
  await page.waitForSelector(".el-message-box");
  const asked = await page.textContent(".el-message-box__message");
  await page.click(".el-message-box .el-button--primary");
  await page.waitForFunction(() => ![...document.querySelectorAll("tbody td b")].some((e) => e.textContent === "ann"));
  await guest.page.click('.side a[href="/console/members"]');
  await guest.page.waitForURL(/\/console\/signin/);
  say("revoked", { asked, address: guest.page.url() });

  await go(page, "/settings/audit");
  await page.waitForSelector(".audit tbody tr");
  say("audit", { actions: await page.$$eval(".audit tbody tr td:nth-child(3)", (l) => l.map((e) => e.textContent)), ...(await judge(page)) });

  // the keyboard alone: to the content, and to every place
  await go(page, "/overview");
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.className);
  const reached = [];
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.tagName));
  }
  say("keyboard", { skip, reached });
  say("visitor", { name: "owner", ...seen });
  say("visitor", { name: "guest", ...guest.seen, troubles: guest.seen.troubles.filter((x) => !/40[013]/.test(x)) });
  await context.close();
}

await (plan.pictures ? pictures() : walk());
await browser.close();
