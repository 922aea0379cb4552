// Files by upload: one whose headers map themselves, with a bad row; and CDNOW, mapped by hand, tried, imported.
import { readFileSync } from "node:fs";
import { agree, go, judge, plan, say, settle, texts } from "./walk_lib.mjs";

const ORDERS = "订单编号,付款时间,手机号,实付金额,备注\nA1,2026-11-01 10:00,13800138001,¥99.00,\nA2,2026-11-02 11:30,13800138002,88.50,茶\nA3,昨天,13800138003,20.00,\n";

const figures = (page) => page.$$eval("[data-count]", (l) => Object.fromEntries(l.map((e) => [e.dataset.count, e.textContent.trim()])));
async function upload(page, file) {
  await page.setInputFiles('.drop input[type="file"]', file);
  await page.waitForURL(/\/settings\/imports\/\d+/);
  await page.waitForSelector(".mapping tbody tr");
}
async function outcome(page, which) {
  await page.waitForSelector(`[data-count="${which}.stored"]`);
  return figures(page);
}

async function orders(page) {
  await upload(page, { name: "orders.csv", mimeType: "text/csv", buffer: Buffer.from(ORDERS) });
  const targets = await page.$$eval(".mapping select.target", (l) => l.map((e) => e.value));
  const mapping = await judge(page);
  await page.click("button.run");
  await page.waitForSelector(".state.good");
  const counts = await outcome(page, "counts");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("button.rejects")]);
  say("rejects", { targets, counts, table: await texts(page, ".rejected tbody td"), name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8"), id: page.url().split("/").at(-1), ...mapping });
}

// a dry run of orders of whom is known and of others: rows of each thing that it would do, and the way to who is known
async function tried(page) {
  const head = ORDERS.split("\n")[0];
  const rows = ["T0,2026-11-03 10:00,13800138001,1.00,", ...Array.from({ length: 7 }, (_, i) => `T${i + 1},2026-11-03 1${i}:00,1663456000${i},2.00,茶`), "T9,昨天,16634560009,3.00,"];
  await go(page, "/settings/imports");
  await upload(page, { name: "tried.csv", mimeType: "text/csv", buffer: Buffer.from([head, ...rows, ""].join("\n")) });
  await page.click("button.try");
  await page.waitForSelector(".tried [role=tab]");
  const tabs = await texts(page, ".tried [role=tab]");
  const made = await texts(page, ".tried .first li");
  await page.click('.tried [role=tab][name="conflict"]');
  const none = await texts(page, ".tried [role=tabpanel]");
  await page.click('.tried [role=tab][name="rejected"]');
  const refused = await texts(page, ".tried .rejected tbody td");
  await page.click('.tried [role=tab][name="updated"]');
  const known = await texts(page, ".tried .first li");
  const seen = await judge(page);
  await page.click(".tried .first .who");
  await page.waitForURL(/\/members\/m\d+$/);
  await settle(page);
  say("tried", { tabs, made, none, refused, known, member: page.url().split("/").at(-1), ...seen });
}

async function map(page, row, target, name) {
  const line = page.locator(".mapping tbody tr").nth(row);
  await line.locator("select.target").selectOption(target);
  if (name) {
    await line.locator("input.part").first().fill(name);
    await line.locator("input.part").first().blur();
    await line.locator("select.part").selectOption("number");
  }
}

async function cdnow(page) {
  await page.setInputFiles('.drop input[type="file"]', plan.cdnow);
  await page.waitForURL(/\/settings\/imports\/\d+/);
  await page.waitForSelector('select[name="format"]');
  await page.selectOption('select[name="format"]', "columns");
  await page.waitForFunction(() => document.querySelectorAll(".mapping tbody tr").length === 5);
  await map(page, 0, "member:name");
  await map(page, 2, "at");
  await map(page, 3, "props", "cds");
  await map(page, 4, "amount");
  await page.click(".as");
  await page.keyboard.type("order.paid");
  await page.keyboard.press("Enter");
  await page.fill('input[name="source"]', "cdnow");
  await page.waitForFunction(() => document.querySelector(".events code")?.textContent.includes("order.paid"));
  const sample = await page.textContent(".events code");
  const mapped = await judge(page);
  await page.click("button.try");
  const tried = await outcome(page, "tried");
  await page.click("button.run");
  await page.waitForSelector(".state.good");
  const counts = await outcome(page, "counts");
  say("import", { sample, tried, counts, id: page.url().split("/").at(-1), ...mapped });
}

// a list of members: its mapping is kept and offered again; the import is undone
async function undone(page) {
  const people = "昵称,手机号,标签\n" + Array.from({ length: 30 }, (_, i) => `人${i},${19987650000 + i},"高端，茶"\n`).join("");
  const file = { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(people) };
  await go(page, "/settings/imports");
  await upload(page, file);
  await page.click("button.keep");
  await page.fill(".mappings input.named", "会员表");
  await page.click(".mappings form .main");
  await page.waitForSelector(".mappings .saved");
  await page.click("button.run");
  await page.waitForSelector(".state.good");
  await page.click(".undo .ask");
  await page.waitForSelector(".undo .go");
  const sums = await page.$$eval("[data-undo]", (l) => Object.fromEntries(l.map((e) => [e.dataset.undo, e.textContent.trim()])));
  const before = await judge(page);
  await page.click(".undo .go");
  await page.waitForSelector(".undone");
  await page.waitForSelector(".mappings .offer");
  const offered = await page.textContent(".mappings .note");
  await page.click(".mappings .offer");
  await page.waitForFunction(() => document.querySelector(".events code")?.textContent.includes("tags"));
  say("undone", { sums, offered, faultsBefore: before.faults, ...(await judge(page)) });
}

export async function importFiles(page) {
  await go(page, "/settings/imports");
  await page.waitForSelector(".empty h2");
  say("imports", { empty: await page.textContent(".empty"), ...(await judge(page)) });
  await orders(page);
  await tried(page);
  if (plan.cdnow) {
    await go(page, "/settings/imports");
    await cdnow(page);
  }
  await undone(page);
  // one that was begun and left: its file is asked for again; deleted, it is no more
  await go(page, "/settings/imports");
  await page.evaluate(async (brand) => fetch(`/api/v1/${brand}/imports`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: "left.csv", bytes: 10 }) }), plan.brand);
  await page.reload();
  await page.click("text=left.csv");
  await page.waitForSelector("h2.name"); // the list has a place for files, too
  await page.waitForSelector(".drop");
  await page.setInputFiles('.drop input[type="file"]', { name: "other.csv", mimeType: "text/csv", buffer: Buffer.from("0123456789") });
  await page.waitForSelector(".note.bad");
  const other = await page.textContent(".note.bad");
  await page.setInputFiles('.drop input[type="file"]', { name: "left.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n3\n") });
  await page.waitForSelector("button.run");
  await go(page, "/settings/imports");
  await page.locator("tr", { hasText: "left.csv" }).locator(".btn.bad").click();
  const asked = await agree(page);
  await page.waitForFunction(() => !document.body.innerText.includes("left.csv"));
  say("past", { asked, other, names: await texts(page, ".imports .name a"), ...(await judge(page)) });
}
