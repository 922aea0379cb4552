// Groups, as an operator walks them: the list, one of them, what was said there, who runs it, who is in it, its charter; then all in
// all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, texts, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];
async function picture(v, name, size, scheme) {
  await v.page.waitForTimeout(plan.shots ? 350 : 0);
  if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: true });
  say("picture", { name, size, scheme, ...(await judge(v.page)) });
}

const boss = await visitor();
const { page } = boss;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);
await page.click('nav.places a[href$="/groups"]');
await page.waitForSelector(".group");
say("list", { names: await texts(page, ".group th a") });

await page.click(".group th a >> nth=0");
await page.waitForSelector(".ask li");
await settle(page);
say("group", { asks: await page.locator(".ask").count(), proposed: await texts(page, ".ask li a") });
await Promise.all([page.waitForResponse((r) => r.request().method() === "PUT"), page.click(".ask li button >> nth=0")]);
await page.waitForSelector(".ask", { state: "detached" });
say("named", { asks: await page.locator(".ask").count() });

await page.click('nav.tabs a[href$="/messages"]');
await page.waitForSelector(".message");
await page.fill("form[role=search] input", "名额");
await page.keyboard.press("Enter");
await page.waitForSelector("mark");
await settle(page);
say("found", { texts: await texts(page, ".message .text"), marked: await page.locator("mark").count() });

await page.click('nav.tabs a[href$="/members"]');
await page.waitForSelector("tbody tr");
const members = {};
for (const [i, key] of [[0, "in"], [1, "silent"], [2, "several"]]) {
  await page.click(`.seg[role=group] button >> nth=${i}`);
  await settle(page);
  members[key] = await page.locator("tbody tr").count();
}
say("members", members);
await page.click(".seg[role=group] button >> nth=0");
await settle(page);
await page.click('tbody tr:has-text("新来的") td a');
await page.waitForSelector(".message");
await settle(page);
say("mine", { who: await texts(page, ".message .who a") });

await page.click('nav.tabs a[href$="/settings"]');
await page.waitForSelector("fieldset header select");
await page.selectOption("fieldset header select", "store");
await page.fill("fieldset .grid input >> nth=0", "辣妈交流群");
await Promise.all([page.waitForResponse((r) => r.request().method() === "PUT"), page.click("form.stack button.main")]);
await page.waitForSelector('h1:has-text("辣妈交流群")');
await page.click('nav.tabs a[href$="/overview"]');
await page.waitForSelector(".charter dd");
say("charter", { name: (await texts(page, "h1"))[0], rules: (await texts(page, ".charter dd")).length });
const id = page.url().match(/g\d+/)[0];

await go(page, "/groups");
await page.click(".title button");
await page.fill("form.stack input >> nth=0", "haohuo");
await page.fill("form.stack input >> nth=1", "好货群");
await page.selectOption("form.stack select", "deals");
await page.click("form.stack button.main");
await page.waitForURL(/settings$/);
await settle(page);
say("made", { title: (await texts(page, "h1"))[0] });

await go(page, "/groups");
await page.waitForSelector(".families");
await page.click(".families header button");
await page.fill(".families .make input >> nth=0", "辣妈群族");
await page.check('.families .picks label:has-text("门店二群") input');
await Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), page.click(".families .make button.main")]);
await page.waitForSelector(".family li.here");
await page.fill(".find", "");
await page.click(".family button.btn >> nth=0");
await page.waitForURL(/settings$/);
await settle(page);
say("next", { title: (await texts(page, "h1"))[0] });
await go(page, "/groups");
await page.waitForSelector(".family li.here");
say("family", { groups: await texts(page, ".family ol a"), here: await texts(page, ".family li.here a") });

const state = await boss.context.storageState();
for (const [size, width, height] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    const v = await visitor({ width, height }, scheme);
    await v.context.addCookies(state.cookies);
    await go(v.page, "/groups");
    await v.page.waitForSelector(".group");
    await picture(v, "groups", size, scheme);
    await go(v.page, `/groups/${id}`);
    await v.page.waitForSelector(".day");
    await picture(v, "group", size, scheme);
    await go(v.page, `/groups/${id}/messages`);
    await v.page.waitForSelector(".message");
    await picture(v, "group-messages", size, scheme);
    await go(v.page, `/groups/${id}/members`);
    await v.page.waitForSelector("tbody tr");
    await picture(v, "group-members", size, scheme);
    await go(v.page, `/groups/${id}/settings`);
    await v.page.waitForSelector(".accounts li");
    await picture(v, "group-settings", size, scheme);
    say("visitor", { name: "owner", ...v.seen });
    await v.context.close();
  }
}
await browser.close();
