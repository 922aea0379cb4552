// Owners, as people go about them; then each of these screens in all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];

async function picture(v, name, size, scheme) {
  await v.page.waitForTimeout(plan.shots ? 350 : 0);
  if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: !name.endsWith("dialog") });
  say("picture", { name, size, scheme, ...(await judge(v.page)) });
}
async function openHand(page) {
  await page.click(".owners tbody tr:first-child button");
  await page.waitForSelector(".el-dialog select.to");
}
const members = (page) => texts(page, ".owners tbody td.num");

const first = await visitor();
const { page } = first;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);

// set one by hand, so that every screen has something to show
await go(page, "/members/" + plan.member);
await page.click(".owner header button");
await page.selectOption(".owner select.to", "lily");
await page.fill(".owner .edit input", "near the shop");
await page.click(".owner .edit .main");
await page.waitForSelector(".owner .past");
await settle(page);
say("set", { owner: (await texts(page, ".owner .now"))[0], steps: await page.locator(".owner .past li").count() });

const lily = await visitor();
await go(lily.page, "/signin");
await lily.page.fill('input[name="name"]', plan.narrow);
await lily.page.fill('input[name="password"]', plan.password);
await lily.page.click("form button.main");
await lily.page.waitForURL(/\/console\/today/);
await settle(lily.page);

const state = await first.context.storageState(), narrow = await lily.context.storageState();
for (const [size, width, height] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    const v = await visitor({ width, height }, scheme);
    await v.context.addCookies(state.cookies);
    await go(v.page, "/members/" + plan.member);
    await v.page.click(".owner .past summary");
    await v.page.click(".owner header button");
    await picture(v, "owner-member", size, scheme);
    await go(v.page, "/members?owner=rose");
    await picture(v, "owner-members", size, scheme);
    await v.page.click(".handing");
    await v.page.waitForSelector(".el-dialog select.to");
    await picture(v, "owner-chosen-dialog", size, scheme);
    await go(v.page, "/settings/owners");
    await picture(v, "owner-owners", size, scheme);
    await openHand(v.page);
    await picture(v, "owner-leaver-dialog", size, scheme);
    await go(v.page, "/settings/staff");
    await v.page.click("tbody tr:nth-child(2) button.place");
    await v.page.waitForSelector("form.place");
    await picture(v, "owner-staff", size, scheme);
    say("visitor", { name: size + scheme, ...v.seen });
    await v.context.close();
    const own = await visitor({ width, height }, scheme);
    await own.context.addCookies(narrow.cookies);
    await go(own.page, "/members/" + plan.own);
    await picture(own, "owner-narrow", size, scheme);
    say("visitor", { name: "narrow" + size + scheme, ...own.seen });
    await own.context.close();
  }
}

// what was set is undone on the profile
await page.click(".owner .past summary");
await page.click(".owner .past button");
await settle(page);
say("given back", { owner: (await texts(page, ".owner .now"))[0] });
await go(page, "/members");
await page.selectOption("select.owner", "rose");
await settle(page);
say("filtered", { rows: await page.locator("tr.member").count() });

// all of a leaver's, and back
await go(page, "/settings/owners");
await openHand(page);
await page.selectOption(".el-dialog select.to", "lily");
await page.fill(".el-dialog input", "leaves in May");
await page.click(".el-dialog .main");
await page.waitForSelector(".el-dialog .note.good");
await settle(page);
say("handed over", { members: (await members(page)).sort((a, b) => b - a) });
await page.click(".el-dialog .note.good button");
await page.waitForSelector(".el-dialog .note:not(.good)");
await settle(page);
say("taken back", { members: (await members(page)).sort((a, b) => b - a) });

// the rule, by the keyboard
await go(page, "/settings/owners");
await page.focus('input[name="rule"][value="first"]');
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await page.waitForSelector(".el-message--success");
await settle(page);
say("rule", { members: await members(page) });

// who sees their own alone
await go(lily.page, "/members");
const rows = await lily.page.locator("tr.member").count();
const places = await lily.page.locator("aside nav a").count();
await go(lily.page, "/overview");
const figures = [await lily.page.locator(".note.narrow").count(), ...(await texts(lily.page, ".kpi b"))];
await go(lily.page, "/members/" + plan.other);
say("narrow", { rows, places, figures, refused: (await lily.page.locator(".owner").count()) === 0 });
say("visitor", { name: "owner", ...first.seen });
say("visitor", { name: "narrow", ...lily.seen });
await browser.close();
