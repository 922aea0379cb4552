// What staff keep of members: tags, notes, traits, consent; and the page where a member decides, without scripts.
import { browser, go, judge, plan, say, settle, texts, visitor } from "./walk_lib.mjs";

/** A group that is exclusive with two tags, and a tag in none. */
async function tags(page) {
  await go(page, "/settings/tags");
  await page.fill("form.card input.input", "等级");
  await page.check("input[value=gold]");
  await page.check(".check input[type=checkbox]");
  await page.click("form.card button.main");
  const add = async (place, name) => {
    await page.fill(`section.group >> nth=${place} >> input.new`, name);
    await page.click(`section.group >> nth=${place} >> form button`);
    await page.waitForSelector(`.chip:has-text("${name}")`);
  };
  await page.waitForSelector("section.group >> nth=1");
  await add(0, "金卡");
  await add(0, "银卡");
  await add(1, "爱喝茶");
  await settle(page);
  say("tags", { chips: await texts(page, "section.group .chip bdi"), ...(await judge(page)) });
}

/** A tag by a rule: the builder writes it, whoever fits has the tag, its segment says why; removed, it is not removed after all, and is. */
async function rule(page) {
  await go(page, "/settings/tags");
  await page.fill("section.group >> nth=1 >> input.new", "老客");
  await page.click("section.group >> nth=1 >> form button");
  await page.click('.chip:has-text("老客") .rule');
  await page.selectOption(".tag-rule .builder select >> nth=0", "orders");
  await page.fill(".tag-rule .builder input", "3");
  await page.click(".tag-rule .builder .btn");
  await page.waitForSelector(".tag-rule .count");
  const count = await page.textContent(".tag-rule .count");
  const form = await judge(page);
  await page.fill(".tag-rule textarea", 'tag("金卡")');
  await page.waitForSelector(".tag-rule .count");
  await page.click(".tag-rule .main");
  await page.waitForSelector(".tag-rule .note.bad");
  const refused = await page.textContent(".tag-rule .note.bad");
  await page.fill(".tag-rule textarea", "orders >= 3");
  await page.waitForSelector(".tag-rule .count");
  await page.click(".tag-rule .main");
  await page.waitForSelector(".rules li");
  const members = '.group > ul:first-of-type .chip:has-text("老客") a';
  await page.waitForFunction(([s, n]) => document.querySelectorAll(".group .chip").length && [...document.querySelectorAll(".group .chip")].some((c) => c.textContent.includes("老客") && c.querySelector("a")?.textContent.replace(/\D/g, "") === n), [members, count.replace(/\D/g, "")]);
  await settle(page);
  const shown = await page.textContent(".rules li");
  const list = await judge(page);
  await page.click(".rules .bare");
  await page.waitForSelector(".members");
  await settle(page);
  const segment = { members: await page.textContent(".members"), edits: await page.locator('.title a[href="/console/settings/tags"]').count(), ...(await judge(page)) };
  say("rule", { count, refused, shown, ...form });
  say("rule shown", list);
  say("rule segment", segment);
  await go(page, "/settings/tags");
  const gone = () => page.waitForSelector(".rules", { state: "detached" });
  await page.click(".rules .unrule");
  await gone();
  await page.click(".undo .back");
  await page.waitForSelector(".rules li");
  await page.click(".rules .unrule");
  await Promise.all([gone(), page.waitForResponse((r) => r.request().method() === "DELETE" && r.url().endsWith("/rule")), page.click(".undo .now")]);
  await page.waitForFunction(() => [...document.querySelectorAll(".group .chip")].some((c) => c.textContent.includes("老客") && c.querySelector("a")?.textContent.trim() === "0"));
  say("rule gone");
}

async function consent(page) {
  await go(page, "/settings/consent");
  await page.click("section.card .head button");
  await page.fill("textarea >> nth=0", "我同意接收营销信息。");
  await page.fill("textarea >> nth=1", "I agree to receive marketing.");
  await page.click(".edit button.main");
  await page.waitForSelector(".words");
  await settle(page);
  say("consent", { words: await texts(page, ".words"), ...(await judge(page)) });
}

async function profile(page, member) {
  await go(page, "/members/" + member);
  const give = async (name, until) => {
    await page.click(".tags header button");
    await settle(page);
    await page.selectOption(".tags select", { label: name });
    if (until) await page.fill(".tags input[type=date]", until);
    await page.click(".tags form .main");
    await page.waitForSelector(`.tags .chip:has-text("${name}")`);
    await settle(page);
  };
  await give("金卡");
  await give("爱喝茶", "2099-01-01");
  await give("银卡");
  await page.fill(".notes textarea", "下午三点后联系");
  await page.click(".notes form .main");
  await page.waitForSelector(".notes .words");
  await page.click(".traits header button");
  await page.fill(".traits form input >> nth=0", "hobby");
  await page.fill(".traits form input >> nth=1", "喝茶");
  await page.click(".traits form .main");
  await page.waitForSelector(".traits li:has-text('hobby')");
  await page.click(".consents .answer >> nth=1");
  await page.fill(".consents form .three input", "paper");
  await page.click(".consents form .main");
  await page.waitForSelector(".consents .ledger");
  await page.click(".consents header button >> nth=0");
  await page.waitForSelector(".consents .once");
  await settle(page);
  const link = (await page.textContent(".consents .once")).match(/http\S*?[0-9a-f]{32}/)[0];
  say("kept", { link, held: await texts(page, ".tags .chip bdi"), notes: await texts(page, ".notes .words"), allowed: await texts(page, ".consents .green"), ...(await judge(page)) });
  return link;
}

/** What the scores say of a buyer, once they are made; a link recalled. */
async function scores(page, member) {
  await page.evaluate(async (brand) => {
    const at = `/api/v1/${brand}/scores`;
    await fetch(at + "/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    for (let run = { running: true }; run.running || !run.run; run = await (await fetch(at)).json()) await new Promise((done) => setTimeout(done, 200));
  }, plan.brand);
  await go(page, "/members/" + member);
  await page.waitForSelector(".scores");
  const shown = await page.$$eval("[data-score]", (l) => Object.fromEntries(l.map((e) => [e.dataset.score, e.textContent.trim()])));
  const kept = await page.evaluate(async ([brand, id]) => (await (await fetch(`/api/v1/${brand}/members/${id}`)).json()).scores, [plan.brand, member]);
  say("scores", { shown, kept, head: await page.textContent(".scores header"), ...(await judge(page)) });
}

/** The links made so far are over: those of one member, then everybody's. */
async function recall(page, member, link) {
  await go(page, "/members/" + member);
  await page.click('.consents [name="recall"]');
  await page.waitForSelector(".el-message--success");
  const one = (await fetch(link)).status;
  await page.click(".consents header button >> nth=0");
  await page.waitForSelector(".consents .once");
  const again = (await page.textContent(".consents .once")).match(/http\S*?[0-9a-f]{32}/)[0];
  const before = (await fetch(again)).status;
  await go(page, "/settings/consent");
  await page.click('[name="recall"]');
  await page.waitForSelector(".undo .now");
  const held = (await fetch(again)).status;
  await page.click(".undo .now");
  await page.waitForSelector(".el-message--success");
  say("recalled", { one, before, held, all: (await fetch(again)).status, ...(await judge(page)) });
}

/** One number of the stages changed: looked at, applied, and as it was again. */
async function numbers(page) {
  await go(page, "/settings/lifecycle");
  const field = ".numbers input >> nth=0";
  const usual = await page.inputValue(field);
  const change = async () => {
    await page.click("form .btn.main");
    await page.waitForSelector(".matrix, section.card[aria-live] p", { timeout: 120000 });
    const moved = await page.$$eval("section.card[aria-live] .matrix .moves", (l) => l.reduce((sum, e) => sum + Number(e.textContent.replace(/\D/g, "")), 0));
    const seen = await judge(page);
    await Promise.all([page.waitForResponse((r) => r.request().method() === "PUT" && r.url().endsWith("/numbers")), page.click("section.card[aria-live] .btn.main")]);
    await page.waitForSelector("section.card[aria-live]", { state: "detached" });
    await settle(page);
    return { moved, seen };
  };
  await page.fill(field, String(Number(usual) + 7));
  const there = await change();
  const changed = await page.inputValue(field);
  await page.click(".plain li .push >> nth=-1");
  const filled = await page.inputValue(field);
  const back = await change();
  const stored = await page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/numbers`)).json()).version, plan.brand);
  say("numbers", { usual, changed, filled, moved: [there.moved, back.moved], stored, now: await page.inputValue(field), ...there.seen });
}

async function many(page) {
  await go(page, "/members?filter=" + encodeURIComponent("orders >= 2"));
  await page.click("button.tagging");
  await page.waitForSelector(".el-dialog optgroup", { state: "attached" });
  await settle(page);
  await page.selectOption(".el-dialog select", { label: "爱喝茶" });
  await page.click(".el-dialog button.main");
  const done = await page.textContent(".el-dialog .note.good");
  await page.waitForTimeout(400); // the dialog's own fading
  const seen = await judge(page);
  await page.click(".el-dialog .note.good button");
  const undone = await page.textContent(".el-dialog .note:not(.good)");
  await page.click(".el-dialog .row.end .btn:not(.main)");
  await page.waitForSelector(".el-dialog", { state: "hidden" });
  say("tagged", { done, undone, ...seen });
}

/** On a phone, with scripts switched off: they untick one thing, tick another, and stop everything. */
async function preferences(link) {
  const lang = plan.lang === "en" ? "en" : "zh";
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, javaScriptEnabled: false, locale: plan.lang });
  const page = await context.newPage();
  await page.goto(link);
  const before = { sms: await page.isChecked('[name="marketing.sms"]'), news: await page.isChecked('[name="list.news"]') };
  await page.uncheck('[name="list.news"]');
  await page.check('[name="marketing.email"]');
  await page.click("button.main");
  await page.waitForSelector("[role=status]");
  const saved = { email: await page.isChecked('[name="marketing.email"]'), news: await page.isChecked('[name="list.news"]'), title: await page.textContent("h1") };
  await page.click('button[name="stop"]');
  await page.waitForSelector("[role=status]");
  const left = await page.$$eval('input[type="checkbox"]', (l) => l.filter((e) => e.checked).map((e) => e.name));
  await context.close();
  const v = await visitor({ width: 390, height: 844 }, "dark");
  await v.page.goto(link + "?lang=" + lang);
  say("preferences", { before, saved, stopped: left, ...(await judge(v.page)) });
  say("visitor", { name: "member", ...v.seen });
  await v.context.close();
}

export async function records(page) {
  await tags(page);
  await rule(page);
  await consent(page);
  const member = await page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/members?limit=1&sort=stage&stage=core`)).json()).items[0].id, plan.brand);
  const link = await profile(page, member);
  await many(page);
  await preferences(link);
  await scores(page, member);
  await recall(page, member, link);
  await numbers(page);
}
