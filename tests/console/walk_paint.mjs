// How soon something useful is seen on a slow phone: a quarter of this machine's speed behind Fast 3G. Said, not judged.
import { browser, plan, say } from "./walk_lib.mjs";

const FAST_3G = { offline: false, downloadThroughput: (1.6 * 1024 * 1024 * 0.9) / 8, uploadThroughput: (750 * 1024 * 0.9) / 8, latency: 150 };

async function once(state, path, selector) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: plan.lang, storageState: state });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", FAST_3G);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.goto(plan.url + "/console" + path, { waitUntil: "commit" });
  await page.waitForFunction((s) => [...document.querySelectorAll(s)].some((e) => /[^\s–]/.test(e.textContent)), selector, { timeout: 60000 });
  const seen = await page.evaluate(() => ({ useful: Math.round(performance.now()), paint: Math.round(performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0) }));
  await context.close();
  return seen;
}

export async function paint(state) {
  const seen = {};
  for (const [name, path, selector, who] of [["signin", "/signin", "form button.main", undefined], ["overview", "/overview", ".kpi b", state], ["members", "/members", "tr.member", state]]) seen[name] = await once(who, path, selector);
  say("paint", seen);
}
