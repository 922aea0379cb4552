// Walks through the console in Chromium as a person would, and prints one JSON line a step: what was seen, and what
// would trouble one. Usage: node console_walk.mjs CHROMIUM PLAN.json, PLAN = {url, code, lang, words, shots?}.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { agree, browser, go, judge, plan, say, settle, signIn, t, texts, visitor } from "./walk_lib.mjs";
import { importFiles } from "./walk_imports.mjs";
import { first } from "./walk_first.mjs";
import { paint } from "./walk_paint.mjs";
import { pictures } from "./walk_pictures.mjs";
import { records } from "./walk_records.mjs";

const send = (key, user, event) =>
  fetch(plan.url + "/v1/track", { method: "POST", headers: { Authorization: "Basic " + Buffer.from(key + ":").toString("base64"), "Content-Type": "application/json" }, body: JSON.stringify({ type: "track", userId: user, event }) });

async function setUp(page) {
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
  say("setup", { kpis: await texts(page, ".kpi b"), stock: await texts(page, ".stock b"), age: await page.textContent(".ago"), ...(await judge(page)) });

  // out, and in by name and password
  await page.click(".side .foot button");
  await page.waitForURL(/\/console\/signin/);
  say("signin", await judge(page));
  await signIn(page, "owner", plan.password);
}

// Each figure says what it means, and leads to as many members as it counts.
async function drill(page) {
  await page.waitForSelector(".heat a");
  await page.locator(".kpi .term").first().focus();
  const means = await page.locator(".kpi .tip:visible").textContent();
  const links = [];
  for (const selector of [".kpi a", ".stock a", ".kinds a", ".heat tbody tr:nth-child(3) a"]) {
    links.push(...(await page.$$eval(selector, (l, s) => l.map((a) => ({ selector: s, to: a.getAttribute("href"), figure: (a.querySelector("b") ?? a).textContent.trim() })), selector)));
  }
  const size = Number(await page.textContent(".heat tbody tr:nth-child(3) td:nth-child(2)"));
  const picked = links.filter((l, i) => i < 3 || (l.selector === ".stock a" && l.figure !== "0") || l.selector.startsWith(".heat")).slice(0, 14);
  for (const l of picked) {
    await page.goto(plan.url + l.to);
    await page.waitForFunction(() => /\d/.test(document.querySelector(".title p")?.textContent ?? "") || document.querySelector(".empty h2"));
    l.total = await page.textContent(".title p");
    l.empty = (await page.$$(".empty h2")).length > 0;
  }
  say("drill", { means, size, links: picked });
  await go(page, "/overview");
}

async function members(page) {
  await page.click('.side a[href="/console/members"]');
  await page.waitForSelector("tr.member");
  await settle(page);
  const total = await page.textContent(".title p");
  // each page is asked for when the end comes near
  await page.waitForFunction(() => {
    document.querySelector(".rows").scrollTo(0, 1e6);
    return Number([...document.querySelectorAll("tr.member")].at(-1)?.getAttribute("aria-rowindex")) > 290;
  });
  say("members", { total, drawn: (await page.$$("tr.member")).length, masked: await texts(page, ".ids bdi"), ...(await judge(page)) });

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
  say("filter", { wrong, expression, count, total: await page.textContent(".title p"), orders: await texts(page, "tr.member td:not(.num) + td.num"), ...(await judge(page)) });
}

async function take(page, format) {
  await page.click("button.export");
  await page.check(`.el-dialog input[value="${format}"]`);
  await page.waitForTimeout(350); // the dialog's own fading
  const faults = (await judge(page)).faults;
  await page.uncheck('.el-dialog input[value="trust"]');
  for (const more of ["owner", "p_alive"]) await page.check(`.el-dialog input[value="${more}"]`);
  const coming = page.waitForEvent("download");
  await page.click(".el-dialog .take");
  return { coming, faults };
}

// Exported by somebody who signed in by a link: the password is asked for once, then the file comes.
async function exported() {
  const link = execFileSync(plan.linkCommand[0], plan.linkCommand.slice(1), { encoding: "utf8" }).trim().split(/\s+/).at(-1);
  const v = await visitor();
  await v.page.goto(link);
  await v.page.click("form button.main");
  await v.page.waitForURL(/\/console\/overview/);
  await go(v.page, "/members?filter=" + encodeURIComponent("orders >= 2"));
  const { coming, faults } = await take(v.page, "csv");
  await v.page.fill('input[name="again"]', "not the password");
  await v.page.click(".confirm .btn.main");
  await v.page.waitForSelector(".confirm .note.bad, .confirm .field .wrong");
  const refused = await v.page.textContent(".confirm form");
  await v.page.fill('input[name="again"]', plan.password);
  await v.page.click(".confirm .btn.main");
  const csv = await coming;
  const text = readFileSync(await csv.path(), "utf8");
  await v.page.waitForSelector(".el-dialog .take", { state: "hidden" });
  const again = await take(v.page, "xlsx");
  const xlsx = await again.coming;
  say("export", { name: csv.suggestedFilename(), text: text.slice(0, 400), lines: text.trim().split("\r\n").length, refused, xlsx: xlsx.suggestedFilename(), magic: readFileSync(await xlsx.path()).subarray(0, 2).toString("latin1"), faults });
  say("visitor", { name: "by link", ...v.seen, troubles: v.seen.troubles.filter((x) => !/40[013]/.test(x)) });
  await v.context.close();
}

async function profile(page) {
  await page.click("tr.member a");
  await page.waitForSelector(".day li");
  await settle(page);
  const ids = () => texts(page, ".pairs .code");
  const before = await ids();
  say("profile", { ids: before, why: await texts(page, ".why p"), events: (await page.$$(".day li")).length, ...(await judge(page)) });
  const reveal = page.getByRole("button", { name: t.reveal });
  if (await reveal.count()) {
    await reveal.first().click();
    await page.fill(".el-dialog input", "call back");
    await page.waitForTimeout(350); // the dialog's own fading
    const faults = (await judge(page)).faults;
    await page.click(".el-dialog .btn.main");
    await page.waitForFunction((n) => JSON.stringify([...document.querySelectorAll(".pairs .code")].map((e) => e.textContent.trim())) !== n, JSON.stringify(before));
    say("reveal", { ids: await ids(), faults });
  }
}

// A funnel, kept on a board; a deleted question comes back when that is undone.
async function funnel(page) {
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
  await page.selectOption("select.saved", { label: plan.question });
  await page.selectOption(".build select >> nth=0", "trend");
  await page.waitForSelector(".answer footer");
  await page.click("button.keep");
  await page.fill('.el-dialog input[name="title"]', plan.question);
  await page.click(".el-dialog .btn.main");
  await page.waitForSelector(".el-dialog", { state: "hidden" });
  await settle(page);
  const kept = await page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/questions`)).json()).items.map((q) => ({ version: q.version, asks: Object.keys(q.query)[0] })), plan.brand);
  say("saved anew", { kept });
  await page.click(".title .btn.bad");
  const asked = await agree(page);
  await page.waitForSelector(".undo .back");
  const gone = (await texts(page, "select.saved option")).includes(plan.question);
  const held = await judge(page);
  await page.click(".undo .back");
  await page.waitForSelector("select.saved");
  say("undo", { asked, gone, back: (await texts(page, "select.saved option")).includes(plan.question), ...held });
  await page.click('.side a[href="/console/boards"]');
  await page.click(".boards a");
  await page.waitForSelector(".pinned canvas");
  await settle(page);
  say("board", { pinned: await texts(page, ".pinned h2"), board: page.url().split("/").at(-1), ...(await judge(page)) });
}

// A write key, its first event seen beside it, and the counter that ticks.
async function live(page) {
  await go(page, "/settings/keys");
  await page.selectOption("form select >> nth=0", "secret");
  await page.fill("form.card input >> nth=0", "web shop");
  await page.click("form.card .btn.main");
  const key = await page.textContent(".once");
  await page.waitForSelector(".arrival i.waits");
  await page.waitForResponse((r) => r.url().includes("/stream")).catch(() => {});
  const waiting = await judge(page);
  await send(key, "test-1", "page.viewed");
  await page.waitForSelector(".arrival.good");
  say("arrival", { snippet: await page.textContent(".snippet"), key, text: await page.textContent(".arrival"), ...waiting });

  // a token that reaches one store alone
  await go(page, "/settings/keys");
  await page.selectOption("form select >> nth=0", "token");
  await page.selectOption('select[name="reach"]', "store");
  await page.fill('input[name="place"]', "west");
  await page.fill("form.card input >> nth=0", "till");
  await page.click("form.card .btn.main");
  await page.waitForSelector(".once");
  await settle(page);
  say("reach", { tags: await texts(page, "td .reach"), ...(await judge(page)) });

  await go(page, "/overview");
  await page.waitForSelector(".live.open");
  const before = (await texts(page, ".kpi b")).at(-1);
  await send(key, "test-2", "page.viewed");
  await page.waitForFunction((n) => [...document.querySelectorAll(".kpi b")].at(-1).textContent.trim() !== n, before);
  say("ticks", { before, after: (await texts(page, ".kpi b")).at(-1) });
}

// An analyst: invited by a link, sees members, may not export; revoked, their session ends.
async function analyst(page) {
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
  say("analyst", { exportButtons: (await guest.page.$$("button.export")).length, status, tabs: await guest.page.$$eval("nav.seg a", (l) => l.map((e) => e.getAttribute("href"))) });

  await page.reload();
  await page.waitForSelector(".role");
  await page.locator("tr", { hasText: "ann" }).locator(".btn.bad").click();
  const asked = await agree(page);
  await page.waitForFunction(() => ![...document.querySelectorAll("tbody td b")].some((e) => e.textContent === "ann"));
  await page.click(".undo .now");
  await page.waitForSelector(".undo", { state: "hidden" });
  await guest.page.click('.side a[href="/console/members"]');
  await guest.page.waitForURL(/\/console\/signin/);
  say("revoked", { asked, address: guest.page.url() });
  say("visitor", { name: "guest", ...guest.seen, troubles: guest.seen.troubles.filter((x) => !/40[013]/.test(x)) });
}

async function audit(page) {
  await go(page, "/settings/system");
  await page.click(".backup-now");
  await page.waitForSelector(".kept .tag.good");
  say("system", await judge(page));
  await go(page, "/settings/audit");
  await page.waitForSelector(".audit tbody tr");
  const actions = await texts(page, ".audit tbody tr td:nth-child(3)");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("button.export")]);
  const lines = readFileSync(await file.path(), "utf8").trim().split("\n").map((l) => JSON.parse(l).id);
  say("audit", { actions, name: file.suggestedFilename(), lines, ...(await judge(page)) });
}

// The keyboard alone: to the content, and to every place.
async function keyboard(page) {
  await go(page, "/overview");
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.className);
  const reached = [];
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.tagName));
  }
  say("keyboard", { skip, reached });
}

async function walk() {
  const { page, seen, context } = await visitor();
  await setUp(page);
  await drill(page);
  await importFiles(page);
  await members(page);
  await exported();
  await profile(page);
  await records(page);
  await funnel(page);
  await live(page);
  await analyst(page);
  await audit(page);
  await keyboard(page);
  await first(await context.storageState());
  if (plan.paint) await paint(await context.storageState());
  say("visitor", { name: "owner", ...seen });
  await context.close();
}

await (plan.pictures ? pictures() : walk());
await browser.close();
