// Today's list, as an advisor goes down it, and its reasons, as the owner changes one; then both in all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];
const CARDS = "section.cards";

async function counts(page) {
  await settle(page);
  const lists = await page.locator(CARDS).count();
  const of = (i) => (lists > i ? page.locator(CARDS).nth(i).locator(".today-card").count() : 0);
  const settled = await texts(page, ".ended header button");
  return { mine: await of(0), pool: await of(1), settled: Number((settled[0] ?? "0").match(/\d+/)[0]) };
}
async function picture(v, name, size, scheme) {
  await v.page.waitForTimeout(plan.shots ? 350 : 0);
  if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: true });
  say("picture", { name, size, scheme, ...(await judge(v.page)) });
}

const rose = await visitor();
const { page } = rose;
await go(page, "/signin");
await page.fill('input[name="name"]', plan.advisor);
await page.fill('input[name="password"]', plan.password);
await page.click("form button.main");
await page.waitForURL(/\/console\/today/);
await page.waitForSelector(".today-card");
say("begin", { title: (await texts(page, "h1"))[0], why: await texts(page, ".why"), ...(await counts(page)) });

const told = (path) => page.waitForResponse((r) => r.request().method() === path && r.url().includes("/today"));
await page.keyboard.press("j");
await Promise.all([told("PUT"), page.keyboard.press("d")]);
await page.waitForSelector(".ended");
say("done", await counts(page));
await page.keyboard.press("n");
await Promise.all([told("PUT"), page.click(".because >> nth=1")]);
await settle(page);
say("useless", await counts(page));
await Promise.all([told("PUT"), page.keyboard.press("u")]);
await settle(page);
say("back", await counts(page));
await Promise.all([told("PUT"), page.click(".take >> nth=0")]);
await settle(page);
say("taken", await counts(page));

const boss = await visitor();
await go(boss.page, "/signin");
await signIn(boss.page, plan.name, plan.password);
await go(boss.page, "/settings/today");
await boss.page.waitForSelector(".rule .now:not(:empty)");
await boss.page.click(".rule .edit >> nth=6");
await boss.page.fill(".rule form input[type=number] >> nth=0", "33");
await boss.page.click(".rule form button.main");
await boss.page.waitForSelector(".rule form", { state: "detached" });
await settle(boss.page); // the list is asked for again
const weight = (await texts(boss.page, ".rule >> nth=6 >> .row .soft b"))[0];
await go(boss.page, "/today");
await boss.page.waitForSelector(".whose");
await settle(boss.page);
say("rule", { weight, others: (await boss.page.locator(".whose option").count()) - 1 });
// the day as one text, and a family that wants its next group: put off, it is gone
const { page: desk } = boss;
await desk.waitForSelector(".tasks");
const tasks = (await texts(desk, ".tasks li b"))[0];
await desk.click(".pass");
await desk.click("#today-daily .btn.main");
await desk.waitForSelector("#today-daily textarea");
const text = await desk.inputValue("#today-daily textarea");
say("picture", { name: "today-desk", size: "laptop", scheme: "light", ...(await judge(desk)) });
await Promise.all([desk.waitForResponse((r) => r.url().endsWith("/put-off")), desk.click(".put-off")]);
await desk.waitForSelector(".tasks", { state: "detached" });
say("desk", { tasks, text });

const state = await boss.context.storageState(), advisor = await rose.context.storageState();
for (const [size, width, height] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    const v = await visitor({ width, height }, scheme);
    await v.context.addCookies(state.cookies);
    await go(v.page, "/settings/today");
    await v.page.waitForSelector(".rule .now:not(:empty)");
    await picture(v, "today-rules", size, scheme);
    await v.page.click(".rule .edit >> nth=5");
    await v.page.waitForSelector(".rule form .held");
    await picture(v, "today-rule", size, scheme);
    say("visitor", { name: "owner", ...v.seen });
    await v.context.close();
    const a = await visitor({ width, height }, scheme);
    await a.context.addCookies(advisor.cookies);
    await go(a.page, "/today");
    await a.page.waitForSelector(".today-card");
    await a.page.click(".ended header button");
    await picture(a, "today", size, scheme);
    say("visitor", { name: "advisor", ...a.seen });
    await a.context.close();
  }
}
say("visitor", { name: "rose", ...rose.seen });
say("visitor", { name: "boss", ...boss.seen });
await browser.close();
