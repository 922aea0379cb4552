// Merging, judging, handing out and erasing, as people do it; then each of these screens in all sizes and colours.
import { browser, go, judge, plan, say, settle, signIn, visitor } from "./walk_lib.mjs";

const SIZES = [["laptop", 1440, 900], ["phone", 390, 844]];

async function picture(v, name, size, scheme) {
  await v.page.waitForTimeout(plan.shots ? 350 : 0);
  if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}-${plan.lang}.png`, fullPage: !name.endsWith("dialog") });
  say("picture", { name, size, scheme, ...(await judge(v.page)) });
}

async function openMerge(page) {
  await page.click(".merges .go");
  await page.fill('.el-dialog input[name="other"]', plan.other);
  await page.press('.el-dialog input[name="other"]', "Enter");
  await page.click(".el-dialog .choose");
  await page.waitForSelector(".el-dialog .compare");
}
async function openErase(page) {
  await page.click(".privacy .erase");
  await page.waitForSelector('.el-dialog input[name="confirm"]');
}

const first = await visitor();
const { page } = first;
await go(page, "/signin");
await signIn(page, plan.name, plan.password);

// every screen, before anything is changed
const state = await first.context.storageState();
for (const [size, width, height] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    const v = await visitor({ width, height }, scheme);
    await v.context.addCookies(state.cookies);
    await go(v.page, "/members/" + plan.member);
    await v.page.waitForSelector(".merges");
    await picture(v, "member", size, scheme);
    await openMerge(v.page);
    await picture(v, "merge-dialog", size, scheme);
    await go(v.page, "/members/" + plan.member);
    await openErase(v.page);
    await picture(v, "erase-dialog", size, scheme);
    await go(v.page, "/members/conflicts");
    await v.page.waitForSelector(".compare");
    await picture(v, "conflicts", size, scheme);
    await go(v.page, "/settings/privacy");
    await v.page.click(".receipts .line");
    await v.page.waitForSelector(".receipt");
    await picture(v, "privacy", size, scheme);
    say("visitor", { name: size + scheme, ...v.seen });
    await v.context.close();
  }
}

// merge, undo within ten seconds, merge again, undo from the list
await go(page, "/members/" + plan.member);
await openMerge(page);
await page.check('.el-dialog input[name="sure"]');
await page.click('.el-dialog button[name="merge"]');
await page.waitForSelector(".undo .back");
await settle(page);
say("merged", { personas: await page.locator(".merges li").count(), identities: await page.locator(".pairs").first().locator("li").count(), words: await page.locator(".undo p .grow").innerText() });
await page.click(".undo .back");
await page.waitForSelector(".merges li.was");
await settle(page);
say("undone", { identities: await page.locator(".pairs").first().locator("li").count(), bars: await page.locator(".undo").count() });
await openMerge(page);
await page.check('.el-dialog input[name="sure"]');
await page.click('.el-dialog button[name="merge"]');
await page.waitForSelector(".merges li .undo");
await page.click(".merges li .undo");
await page.click(".el-message-box__btns .el-button--primary");
await page.waitForFunction(() => document.querySelectorAll(".merges li.was").length === 2);
say("undone by the list", { kept: await page.locator(".merges li .undo").count() });

// conflicts, by keyboard
await go(page, "/members/conflicts");
await page.waitForSelector(".compare");
const before = await page.locator(".queue .list li").count();
await page.keyboard.press("j");
await page.waitForFunction(() => document.querySelectorAll(".queue .list li button")[1].classList.contains("here"));
await page.waitForSelector(".compare");
await page.keyboard.press("a");
await page.waitForFunction((n) => document.querySelectorAll(".queue .list li").length === n - 1, before);
await settle(page);
await page.keyboard.press("l");
await page.waitForFunction((n) => document.querySelectorAll(".queue .list li").length === n - 2, before);
await settle(page);
await page.keyboard.press("m");
await page.waitForSelector(".undo .back");
await settle(page);
const left = await page.locator(".queue .list li").count();
await page.click(".undo .back");
await page.waitForFunction((n) => document.querySelectorAll(".queue .list li").length === n + 1, left);
say("judged", { before, left });

// handed out, then erased; the receipt stays
await go(page, "/members/" + plan.member);
const [file] = await Promise.all([page.waitForEvent("download"), page.click(".privacy .hand")]);
await file.saveAs(plan.zip);
await openErase(page);
await page.fill('.el-dialog input[name="confirm"]', plan.wrong);
const wrong = await page.isDisabled('.el-dialog button[name="erase"]');
await page.fill('.el-dialog input[name="confirm"]', plan.typed);
await page.selectOption('.el-dialog select[name="reason"]', "withdrew");
await page.click('.el-dialog button[name="erase"]');
await page.waitForSelector(".el-dialog .receipt");
const [receipt] = await Promise.all([page.waitForEvent("download"), page.click(".el-dialog .receipt .take")]);
await receipt.saveAs(plan.receipt);
if (plan.shots) await page.screenshot({ path: `${plan.shots}/receipt-${plan.lang}.png` });
await page.click('.el-dialog button[name="close"]');
await page.waitForURL(/\/members$/);
await go(page, "/settings/privacy");
await settle(page);
say("erased", { wrong, receipts: await page.locator(".receipts > li").count() });
say("visitor", { name: "walk", ...first.seen });
await browser.close();
