// Every screen, laptop and phone, light and dark, narrow and wide.
import { go, judge, plan, say, signIn, visitor } from "./walk_lib.mjs";

const KINDS = ["trend", "funnel", "retention", "paths", "stickiness", "lifecycle", "activity", "rfm", "repeat"];
const SAMPLE = { trend: { measure: "members" }, funnel: { steps: [{ kind: "group.joined" }, { kind: "message.sent" }, { kind: "order.paid" }], window: "14d" }, retention: { birth: { kind: "group.joined" }, return: { kind: "*" }, by: "week" }, paths: { anchor: { kind: "group.joined" }, fold: true, within: "7d" }, stickiness: {}, lifecycle: { by: "week" }, activity: { by: "week" }, rfm: {}, repeat: {} };
const SIZES = [["laptop", 1440, 900], ["phone", 390, 844], ["narrow", 360, 740], ["wide", 2560, 1300]];
const TABLE = "订单编号,付款时间,手机号,实付金额,商品名称,备注\nA1,2026-11-01 10:00,13800138001,¥99.00,明前龙井,老客\nA2,2026-11-02 11:30,13800138002,¥1\\,299.00,茶具套装,\nA3,昨天,13800138003,¥20.00,试饮装,日期不对\n";

/** A file that waits for its columns to be mapped. */
async function uploaded(page) {
  return page.evaluate(async ([brand, text]) => {
    const bytes = new TextEncoder().encode(text);
    const json = { "Content-Type": "application/json" };
    const made = await (await fetch(`/api/v1/${brand}/imports`, { method: "POST", headers: json, body: JSON.stringify({ name: "订单 2026-11.csv", bytes: bytes.length }) })).json();
    await fetch(`/api/v1/${brand}/imports/${made.id}/content?offset=0`, { method: "PUT", headers: { "Content-Type": "application/octet-stream" }, body: bytes });
    return made.id;
  }, [plan.brand, TABLE.replaceAll("\\,", "")]);
}

export async function pictures() {
  const first = await visitor();
  await go(first.page, "/signin");
  await signIn(first.page, "owner", plan.password);
  const member = await first.page.evaluate(async (brand) => (await (await fetch(`/api/v1/${brand}/members?limit=1&sort=stage&order=asc&stage=core`)).json()).items[0]?.id, plan.brand);
  const ready = await uploaded(first.page);
  await first.page.evaluate(async (brand) => {
    const json = { "Content-Type": "application/json" };
    for (const t of (await (await fetch(`/api/v1/${brand}/segment-templates`)).json()).items.slice(5, 9)) await fetch(`/api/v1/${brand}/segments`, { method: "POST", headers: json, body: JSON.stringify({ code: t.code, name: t.name_zh, description: t.about_zh, expression: t.expression }) });
  }, plan.brand);
  // a tag by a rule, and scores of buyers
  const ruled = await first.page.evaluate(async (brand) => {
    const send = async (method, path, body) => (await fetch(`/api/v1/${brand}${path}`, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
    const group = await send("POST", "/tags/groups", { name: "复购", colour: "teal", exclusive: false });
    const tag = await send("POST", "/tags", { name: "三单以上", group: group.id });
    await send("POST", "/scores/refresh", {});
    return (await send("PUT", `/tags/${tag.id}/rule`, { expression: "orders >= 3", keep: false })).segment;
  }, plan.brand);
  const state = await first.context.storageState();
  const screens = [
    ["today", "/today"], ["overview", "/overview"], ["members", "/members"], ["members-filter", "/members?filter=" + encodeURIComponent("orders >= 2")], ["members-export", "/members", "button.export"], ["member", "/members/" + member], ["segments", "/segments"], ["segments-make", "/segments", "button.make"], ["segment", "/segments/one-order"],
    ...KINDS.map((k) => ["insight-" + k, "/insight?q=" + encodeURIComponent(JSON.stringify({ [k]: SAMPLE[k] }))]), ["boards", "/boards"], ...(plan.board ? [["board", "/boards/" + plan.board]] : []),
    ...["me", "brand", "lifecycle", "today", "tags", "owners", "consent", "staff", "keys", "imports", "audit", "privacy", "system"].map((s) => ["settings-" + s, "/settings/" + s]),
    ["tag-rule", "/settings/tags", ".rules .change"], ["segment-of-tag", "/segments/" + ruled], ["conflicts", "/members/conflicts"],
    ["import-mapping", "/settings/imports/" + ready], ...(plan.imported ? [["import-done", "/settings/imports/" + plan.imported]] : []), ...(plan.rejected ? [["import-rejects", "/settings/imports/" + plan.rejected]] : []),
  ].filter(([name]) => !plan.only || name.startsWith(plan.only));
  for (const [size, width, height] of SIZES.filter(([s]) => !plan.sizes || plan.sizes.includes(s))) {
    for (const scheme of size === "narrow" || size === "wide" ? ["light"] : ["light", "dark"]) {
      const v = await visitor({ width, height }, scheme);
      await v.context.addCookies(state.cookies);
      for (const [name, path, click] of [...screens, ["signin", null]]) {
        if (path === null) await v.context.clearCookies();
        await go(v.page, path ?? "/signin");
        if (click) {
          await v.page.click(click);
          await v.page.waitForTimeout(400); // the dialog's own fading
        }
        await v.page.waitForTimeout(plan.shots ? 150 : 0);
        if (plan.shots) await v.page.screenshot({ path: `${plan.shots}/${name}-${size}-${scheme}${plan.lang === "en" ? "-en" : ""}.png`, fullPage: size !== "wide" && !click });
        say("picture", { name, size, scheme, ...(await judge(v.page)) });
      }
      say("visitor", { name: size + scheme, ...v.seen, troubles: v.seen.troubles.filter((x) => !x.includes("401")) });
      await v.context.close();
    }
  }
}
