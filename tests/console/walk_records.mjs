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
  await consent(page);
  const member = await page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/members?limit=1&sort=stage&stage=core`)).json()).items[0].id, plan.brand);
  const link = await profile(page, member);
  await many(page);
  await preferences(link);
}
