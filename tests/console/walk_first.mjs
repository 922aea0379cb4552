// What is seen while the application has not come: its files are held back until something was done on the first screen.
import { browser, judge, plan, say } from "./walk_lib.mjs";

async function held(state, path, size) {
  const context = await browser.newContext({ viewport: size, locale: plan.lang, storageState: state });
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (e) => troubles.push(String(e)));
  await page.addInitScript((lang) => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.policyViolations.push(e.violatedDirective + " " + e.blockedURI));
    localStorage.setItem("wf.lang", lang);
  }, plan.lang);
  let release;
  const released = new Promise((done) => (release = done));
  await page.route("**/console/assets/*.js", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(plan.url + "/console" + path, { waitUntil: "commit" });
  return { context, page, release, troubles };
}

/** The names of the files that the first screen has had fetched ahead. */
const ahead = (page) => page.$$eval("head link[rel*=preload]", (links) => links.map((a) => a.href.split("/").pop().split("-")[0]));

export async function first(state) {
  const door = await held(undefined, "/overview", { width: 390, height: 844 });
  await door.page.waitForSelector("#first form");
  await door.page.fill("#first input[name=name]", "owner");
  await door.page.fill("#first input[name=password]", plan.password);
  const seen = await judge(door.page);
  const fetched = await ahead(door.page);
  await door.page.selectOption("#first .switches select >> nth=1", "dark");
  // another language and back: what was typed stays
  for (const lang of [plan.lang === "en" ? "zh-CN" : "en", plan.lang]) await door.page.selectOption("#first .switches select >> nth=0", lang);
  await door.page.click("#first button.main");
  door.release();
  await door.page.waitForSelector("#app .kpi b");
  say("firstDoor", { ...seen, fetched, left: await door.page.locator("#first").count(), dark: await door.page.evaluate(() => document.documentElement.classList.contains("dark")), address: door.page.url(), troubles: door.troubles });
  await door.context.close();

  const list = await held(state, "/members", { width: 390, height: 844 });
  await list.page.waitForSelector("#first tr.member >> nth=0");
  const rows = () => list.page.$$eval("tr.member th a", (links) => links.map((a) => [a.textContent.trim(), a.pathname.split("/").pop()].join(" ")).slice(0, 8));
  const early = await rows();
  const listed = await judge(list.page);
  list.release();
  await list.page.waitForSelector("#app tr.member");
  say("firstList", { ...listed, early, then: await rows(), left: await list.page.locator("#first").count(), troubles: list.troubles });
  await list.context.close();

  const one = await held(state, "/members/1", { width: 390, height: 844 });
  await one.page.waitForLoadState("domcontentloaded");
  say("firstOne", { fetched: await ahead(one.page) });
  await one.context.close();

  const desk = await held(state, "/overview", { width: 1440, height: 900 });
  await desk.page.waitForFunction(() => [...document.querySelectorAll("#first .kpi b")].every((b) => /\d/.test(b.textContent)) && document.querySelector("#first h1"));
  const kpis = await desk.page.locator("#first .kpi b").allTextContents();
  const places = await desk.page.$$eval("#first .side .places a", (l) => l.map((e) => e.getAttribute("href")));
  const judged = await judge(desk.page);
  desk.release();
  await desk.page.waitForSelector("#app .kpi b");
  await desk.page.waitForFunction(() => !document.getElementById("first"));
  say("firstDesk", { ...judged, kpis, places, then: (await desk.page.locator("#app .kpi b").allTextContents()).slice(0, 4), troubles: desk.troubles });
  await desk.context.close();
}
