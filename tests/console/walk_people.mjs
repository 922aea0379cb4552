// A list of 50,000 members comes in, a segment with a window follows one of them to the second, says why, and the member is merged, taken
// apart, handed out and erased: the whole way, as one person goes it.
import { readFileSync } from "node:fs";
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const { page, seen } = await visitor();
const figures = () => page.$$eval("[data-count]", (l) => Object.fromEntries(l.map((e) => [e.dataset.count, Number(e.textContent.replace(/\D/g, ""))])));

async function picture(name, v = page) {
  if (plan.shots) await v.screenshot({ path: `${plan.shots}/people-${name}-${plan.lang}.png` });
  return judge(v);
}
/** What a shop's site sends of a customer who signs in there with their phone, and looks at a page. */
async function send() {
  const who = { userId: "site-5", timestamp: new Date().toISOString() };
  const batch = [{ type: "identify", ...who, traits: { phone: plan.phone } }, { type: "page", ...who, name: "tea" }];
  const reply = await fetch(plan.url + "/v1/batch", { method: "POST", headers: { Authorization: "Bearer " + plan.key, "Content-Type": "application/json" }, body: JSON.stringify({ batch }) });
  if (reply.status >= 300) throw new Error(await reply.text());
}
/** The id of who is found by this. */
async function find(text) {
  await go(page, "/members");
  await page.fill('input[type="search"]', text);
  await page.waitForFunction(() => document.querySelectorAll('a[href*="/members/m"]').length === 1);
  const [, id] = (await page.getAttribute('a[href*="/members/m"]', "href")).match(/(m\d+)$/);
  return id;
}

async function importMembers() {
  await go(page, "/settings/imports");
  await page.setInputFiles('.drop input[type="file"]', plan.file);
  await page.waitForURL(/\/settings\/imports\/\d+/);
  await page.waitForSelector(".mapping tbody tr");
  const targets = await page.$$eval(".mapping tbody tr", (l) => l.map((e) => e.querySelector("select.target").value));
  const screen = await picture("mapping");
  await page.click("button.try");
  await page.waitForSelector('[data-count="tried.stored"]', { timeout: 120000 });
  const tried = await figures();
  await page.click("button.run");
  await page.waitForSelector(".state.good", { timeout: 120000 });
  const counts = await figures();
  say("imported", { targets, tried, counts, ...screen });
}

async function save(code, expression) {
  await go(page, "/segments");
  await page.click("button.make");
  await page.fill("form.form .pair input >> nth=0", code);
  await page.fill("form.form textarea", expression);
  await page.waitForSelector("form.form .count");
  await page.click("form.form .row.end button.main");
  await page.click(`a[href$="/segments/${code}"]`);
  await page.waitForSelector(".members");
}

async function segment() {
  await save("recent", plan.recent);
  await save("looking", plan.expression);
  await page.waitForFunction(() => document.querySelector(".members").textContent.trim() === "0" && !document.querySelector(".title .tag.warn"));
  await page.waitForSelector("section.card .push.tag.good"); // the stream is open
  await send();
  await page.waitForSelector(".moves .sign.entered");
  await page.waitForFunction(() => document.querySelector(".members").textContent.trim() === "1");
  const entered = Date.now();
  const who = (await page.textContent(".moves li a")).trim();
  await page.fill('form.row input[pattern]', who);
  await page.click("form.row button");
  await page.waitForSelector(".verdict .yes");
  const yes = await texts(page, ".clauses .sign");
  const screen = await picture("segment");
  await page.waitForSelector(".moves .sign.left", { timeout: 60000 });
  await page.waitForFunction(() => document.querySelector(".members").textContent.trim() === "0");
  const stayed = Date.now() - entered;
  await page.click("form.row button");
  await page.waitForSelector(".verdict .no");
  say("segment", { who, yes, no: await texts(page, ".clauses .sign"), stayed, moves: await texts(page, ".moves li"), ...screen });
  return who;
}

async function merge(one, other) {
  await go(page, "/members/" + one);
  await page.waitForSelector(".merges");
  const identities = () => page.locator(".pairs").first().locator("li").count();
  const before = await identities();
  await page.click(".merges .go");
  await page.fill('.el-dialog input[name="other"]', other);
  await page.press('.el-dialog input[name="other"]', "Enter");
  await page.click(".el-dialog .choose");
  await page.waitForSelector(".el-dialog .compare");
  await page.click('.el-dialog button[name="merge"]');
  await page.waitForSelector(".undo .back");
  await settle(page);
  const merged = await identities();
  await page.click(".undo .back");
  await page.waitForSelector(".merges li.was");
  await settle(page);
  say("merged", { before, merged, after: await identities() });
}

async function handOut(member) {
  await go(page, "/members?filter=" + encodeURIComponent('in_segment("recent")'));
  await page.click("button.export");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click(".el-dialog .take")]);
  const lines = readFileSync(await csv.path(), "utf8").trim().split("\r\n");
  await go(page, "/members/" + member);
  const [zip] = await Promise.all([page.waitForEvent("download"), page.click(".privacy .hand")]);
  await zip.saveAs(plan.zip);
  say("exported", { rows: lines.length - 1, guarded: lines.filter((l) => l.includes("=cmd")).map((l) => l.slice(0, 80)) });
}

async function erase(member) {
  await go(page, "/members/" + member);
  await page.click(".privacy .erase");
  await page.fill('.el-dialog input[name="confirm"]', plan.typed);
  await page.selectOption('.el-dialog select[name="reason"]', "withdrew");
  await page.click('.el-dialog button[name="erase"]');
  await page.waitForSelector(".el-dialog .receipt");
  const [receipt] = await Promise.all([page.waitForEvent("download"), page.click(".el-dialog .receipt .take")]);
  await receipt.saveAs(plan.receipt);
  const screen = await picture("erased");
  await page.click('.el-dialog button[name="close"]');
  await page.waitForURL(/\/members$/);
  await page.fill('input[type="search"]', plan.phone);
  await page.waitForFunction(() => document.querySelectorAll('a[href*="/members/m"]').length === 0);
  say("erased", screen);
}

await go(page, "/signin");
await signIn(page, plan.name, plan.password);
await importMembers();
const who = await segment();
const found = await find(plan.phone);
await merge(found, plan.other);
await handOut(found);
await erase(found);
say("whole", { who, found, ...seen });
await browser.close();
