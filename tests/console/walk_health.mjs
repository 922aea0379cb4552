// One chat from the file to the audit log: imported, looked at, why it is what it is, who speaks to whom, who is in which circle; then a
// rule of order, what it finds, what is done, and what the log says of it.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const GROUP = "好货群";
const SHOWN = plan.lang === "en" ? [["laptop", 1440, 900, "dark"], ["phone", 390, 844, "light"]] : [["laptop", 1440, 900, "light"], ["phone", 390, 844, "dark"]];
const told = (page, method, path) => page.waitForResponse((r) => r.request().method() === method && r.url().includes(path));
const boss = await visitor();
const { page } = boss;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);

// ---- import ----
await go(page, "/settings/imports");
await page.setInputFiles('.drop input[type="file"]', plan.file);
await page.waitForURL(/\/settings\/imports\/\d+/);
await page.waitForSelector("button.run");
await settle(page);
await page.click("button.run");
await page.waitForSelector(".state.good");
await page.waitForSelector('[data-count="counts.stored"]');
say("imported", { stored: await page.textContent('[data-count="counts.stored"]'), rejected: await texts(page, '[data-count="counts.rejected"]') });

// ---- health, and the messages behind a figure ----
await page.click('nav.places a[href$="/groups"]');
await page.click(".group th a >> nth=0");
await page.waitForSelector("nav.tabs");
const id = page.url().match(/g\d+/)[0];
await page.click('nav.tabs a[href$="/health"]');
await page.waitForSelector(".verdict b");
await settle(page);
say("health", { kind: (await texts(page, ".verdict b"))[0], scores: (await texts(page, ".scores b")).slice(0, 5), circles: await texts(page, "section:has(h2) td.num"), suspects: await texts(page, ".suspects b") });
await page.click(".leads .btn >> nth=0");
await page.waitForSelector(".messages li");
say("evidence", { words: (await texts(page, ".messages li p")).slice(0, 3), of: (await texts(page, "section[aria-live] h2"))[0] });
await page.click(".suspects summary >> nth=0");
say("proof", { first: (await texts(page, ".suspects details li"))[0] });
await Promise.all([told(page, "PUT", "/suspects/"), page.click(".suspects .btn >> nth=0")]);
await settle(page);
say("confirmed", { note: (await texts(page, ".suspects li > p.small"))[0] });

// ---- the graph: three hundred members, moved over ----
await page.click('nav.tabs a[href$="/graph"]');
await page.waitForSelector("canvas");
await settle(page);
const box = await page.locator("canvas").first().boundingBox();
await page.evaluate(() => {
  window.frames = [];
  let last = performance.now();
  const beat = (now) => { window.frames.push(now - last); last = now; window.beating = requestAnimationFrame(beat); };
  requestAnimationFrame(beat);
});
for (let i = 0; i <= 40; i++) await page.mouse.move(box.x + (box.width * i) / 40, box.y + box.height * (0.5 + 0.4 * Math.sin(i / 3)));
const frames = await page.evaluate(() => { cancelAnimationFrame(window.beating); return window.frames.sort((a, b) => a - b); });
say("graph", { legend: (await texts(page, ".legend .push"))[0], frames: frames.length, median: frames[frames.length >> 1], worst: frames.at(-1), rows: await page.locator("tbody tr").count() });

// ---- members by circle, once somebody has looked at the group ----
const core = async () => {
  await go(page, `/groups/${id}/members`);
  await page.waitForSelector("tbody tr");
  await Promise.all([told(page, "GET", "circle=core"), page.selectOption("select.sort >> nth=0", "core")]);
  await settle(page);
  return texts(page, "tbody tr th a");
};
let names = [];
for (const end = Date.now() + 40000; names.length === 0 && Date.now() < end; ) names = await core();
say("members", { core: names.length, tags: [...new Set(await texts(page, "tbody tr td .tag"))] });

// ---- order: a rule, what it finds, what is done ----
await go(page, "/moderation?tab=rules");
await page.click("button[name=make]");
await page.fill("form input[name=name]", "广告词");
await page.selectOption("form select[name=action]", "warn");
await page.fill("form textarea[name=terms]", "刷单");
await Promise.all([told(page, "POST", "/moderation/rules"), page.click("form button[name=save]")]);
await page.waitForSelector(".rule .say");
const body = { type: "track", userId: "p40", event: "message.sent", properties: { group: GROUP, text: "有人想刷单吗，日结" } };
await fetch(plan.url + "/v1/track", { method: "POST", headers: { Authorization: "Bearer " + plan.key, "Content-Type": "application/json" }, body: JSON.stringify(body) });
await page.click(`nav.places a[href$="/moderation"]`);
await page.waitForSelector(".judged .words");
say("queue", { cases: await page.locator(".queue .list li").count(), mark: (await texts(page, ".words mark"))[0], task: (await texts(page, ".judged .note"))[0] });
const state = await boss.context.storageState();
for (const [size, width, height, scheme] of SHOWN) {
  const v = await visitor({ width, height }, scheme);
  await v.context.addCookies(state.cookies);
  const screens = [["health", `/groups/${id}/health`, ".scores b"], ["graph", `/groups/${id}/graph`, "canvas"], ["members", `/groups/${id}/members`, "tbody tr"], ["queue", "/moderation", ".judged .words"]];
  for (const [name, path, ready] of plan.shots || plan.lang !== "en" ? screens : screens.slice(0, 1)) {
    await go(v.page, path);
    await v.page.waitForSelector(ready);
    await v.page.waitForTimeout(plan.shots ? 600 : 0);
    if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/life-${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: true });
    say("picture", { name, size, scheme, ...(await judge(v.page)) });
  }
  say("visitor", { name: size, ...v.seen });
  await v.context.close();
}
await page.fill(".judged .why", "已提醒");
await page.evaluate(() => document.activeElement.blur()); // out of the field, so that keys mean the case
await Promise.all([told(page, "POST", "/moderation/cases"), page.keyboard.press("t")]);
await settle(page);
say("done", { cases: await page.locator(".queue .list li").count() });
await go(page, "/settings/audit");
const rows = await page.evaluate(() => document.body.innerText);
say("audit", Object.fromEntries(["moderation.decided", "moderation.rule.added", "group.suspect_judged", "import."].map((a) => [a, rows.split(a).length - 1])));
say("visitor", { name: "owner", ...boss.seen });
await browser.close();
