// Order in groups: a rule, a message, the queue, what is done, the audit log; then every tab in all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];
async function write(user, text) {
  const body = { type: "track", userId: user, event: "message.sent", context: { groupId: "好物群" }, properties: { group: "好物群", text } };
  const answer = await fetch(plan.url + "/v1/track", { method: "POST", headers: { Authorization: "Bearer " + plan.key, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}
async function picture(v, name, size, scheme) {
  await v.page.waitForTimeout(plan.shots ? 350 : 0);
  if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/order-${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: true });
  say("picture", { name, size, scheme, ...(await judge(v.page)) });
}
const told = (page, method, path) => page.waitForResponse((r) => r.request().method() === method && r.url().includes("/moderation/" + path));

const boss = await visitor();
const { page } = boss;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);
await go(page, "/moderation?tab=rules");
say("empty", { title: (await texts(page, "h1"))[0], rules: (await texts(page, "section.card"))[0] });

// a rule with a pattern that cannot be read says which line; then with the starter
await page.click("button[name=make]");
await page.fill("form input[name=name]", "广告词");
await page.selectOption("form select[name=action]", "warn");
await page.fill("form textarea[name=terms]", "刷单\n/(a/");
await Promise.all([told(page, "POST", "rules"), page.click("form button[name=save]")]);
await page.waitForSelector("form .wrong");
say("refused", { wrong: (await texts(page, "form .wrong"))[0] });
await page.fill("form textarea[name=terms]", "刷单");
await Promise.all([told(page, "GET", "starter"), page.click("form button[name=starter]")]);
await page.waitForFunction(() => document.querySelector("form textarea[name=terms]").value.split("\n").length > 30);
const terms = (await page.inputValue("form textarea[name=terms]")).split("\n").length;
await Promise.all([told(page, "POST", "rules"), page.click("form button[name=save]")]);
await page.waitForSelector(".rule .say");
say("rule", { names: await texts(page, ".rule .say"), terms });

await write("u2", "加微信领优惠券");
await write("u1", "大家好，招人刷\u200B单，日结");
await write("u3", "谢谢，收到了");
await go(page, "/moderation");
await page.waitForSelector(".judged .words");
say("found", { cases: await page.locator(".queue .list li").count(), mark: (await texts(page, ".words mark"))[0].replace("\u200B", ""), task: (await texts(page, ".judged .note"))[0] });
const laid = await boss.context.storageState(); // pictures of the queue are of two cases
const empty = async () => page.locator(".empty").count();
const shots = async (name, path, ready) => {
  for (const [size, width, height] of SIZES) {
    for (const scheme of ["light", "dark"]) {
      const v = await visitor({ width, height }, scheme);
      await v.context.addCookies(laid.cookies);
      await go(v.page, path);
      await ready(v.page);
      await picture(v, name, size, scheme);
      say("visitor", { name, ...v.seen });
      await v.context.close();
    }
  }
};
await shots("queue", "/moderation", (p) => p.waitForSelector(".judged .words"));

await page.fill(".judged .why", "已提醒");
await page.evaluate(() => document.activeElement.blur()); // out of the field, so that keys mean the case
await Promise.all([told(page, "POST", "cases"), page.keyboard.press("t")]);
await settle(page);
say("done", { cases: await page.locator(".queue .list li").count(), state: "done" });
await Promise.all([told(page, "POST", "cases"), page.keyboard.press("d")]);
await settle(page);
say("dismissed", { cases: await page.locator(".queue .list li").count(), empty: await empty() });

await go(page, "/moderation?tab=try");
await Promise.all([told(page, "POST", "try"), page.fill("textarea[name=text]", "来刷单吗？")]);
await page.waitForSelector(".words mark");
say("tried", { marks: await texts(page, ".words mark") });
await go(page, "/moderation?tab=learn");
await page.fill("textarea[name=lesson]", "日结兼职，加我微信\n轻松月入过万，私聊");
await page.click("button[name=ad]");
await page.waitForFunction(() => document.querySelector("textarea[name=lesson]").value === "");
await settle(page);
say("learnt", { note: (await texts(page, ".note"))[0], cells: await page.locator(".table td").count() });
await go(page, "/settings/audit");
await settle(page);
const rows = await page.evaluate(() => document.body.innerText);
say("audit", { decided: rows.split("moderation.decided").length - 1, rule: rows.split("moderation.rule.added").length - 1 });
say("visitor", { name: "owner", ...boss.seen });

await shots("empty", "/moderation", (p) => p.waitForSelector(".empty"));
await shots("rule", "/moderation?tab=rules", async (p) => {
  await p.click(".rule .edit");
  await p.waitForSelector(".rule form textarea");
  await Promise.all([told(p, "POST", "past"), p.click("button[name=past]")]);
  await p.waitForSelector(".past li mark");
});
await shots("try", "/moderation?tab=try", async (p) => {
  await Promise.all([told(p, "POST", "try"), p.fill("textarea[name=text]", "招人刷单，日结，加Ｖ信 abc_12345 详聊")]);
  await p.waitForSelector(".words mark");
});
await shots("learn", "/moderation?tab=learn", (p) => p.waitForSelector(".table"));
await browser.close();
