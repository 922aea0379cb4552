// Questions that wait, as an operator walks them: the list, a longer wait, one group, a question that comes in while it is looked at;
// then in all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];
const boss = await visitor();
const { page } = boss;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);
await go(page, "/groups");
await page.click('a[href$="/groups/unanswered"]');
await page.waitForSelector(".questions li");
await settle(page);
say("list", { texts: await texts(page, ".questions .text"), who: await texts(page, ".questions a[href*='/members/']"), tags: await texts(page, ".questions .tag") });
await page.click(".seg button >> nth=3");
await page.waitForFunction(() => document.querySelectorAll(".questions li").length === 1);
say("longer", { texts: await texts(page, ".questions .text"), url: page.url().split("?")[1] });
await page.click(".seg button >> nth=2");
await page.waitForFunction(() => document.querySelectorAll(".questions li").length === 3);
const cake = await page.locator(".of option", { hasText: "点心群" }).getAttribute("value");
await page.selectOption(".of", cake);
await page.waitForFunction(() => document.querySelectorAll(".questions li").length === 1);
say("group", { texts: await texts(page, ".questions .text") });

const state = await boss.context.storageState();
for (const [size, width, height] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    const v = await visitor({ width, height }, scheme);
    await v.context.addCookies(state.cookies);
    await go(v.page, "/groups/unanswered");
    await v.page.waitForSelector(".questions li");
    await v.page.waitForTimeout(plan.shots ? 350 : 0);
    if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/unanswered-${size}-${scheme}-${plan.lang}.png`, fullPage: true });
    say("picture", { name: "unanswered", size, scheme, ...(await judge(v.page)) });
    say("visitor", { name: "owner", ...v.seen });
    await v.context.close();
  }
}

// a question comes in: the list that is open hears of it
await go(page, "/groups/unanswered?minutes=0");
await page.waitForFunction(() => document.querySelectorAll(".questions li").length === 4);
const told = await fetch(plan.url + "/v1/track", {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: "Bearer " + plan.words.key },
  body: JSON.stringify({ type: "track", userId: "k", event: "message.sent", properties: { group: "点心群", text: "今天发货吗", message: "late" }, timestamp: new Date().toISOString() }),
});
await page.waitForFunction(() => document.querySelectorAll(".questions li").length === 5);
say("told", { status: told.status, last: (await texts(page, ".questions .text")).at(-1) });
await go(page, "/groups/unanswered?minutes=180");
await page.waitForSelector(".empty");
say("none", { title: (await texts(page, ".empty h2"))[0] });
await browser.close();
