import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../src/locales/en";
import zh from "../src/locales/zh";
import { ROLES, SCOPES, STAGES, TRUST } from "../src/lib/types";
import { QUERIES } from "../src/lib/query";
import { FIELDS } from "../src/lib/expr";
import { inventoryZh } from "../src/locales/inventory";
import { kindName, kindNames } from "../src/lib/kinds";

type Tree = { [key: string]: string | Tree };
const keys = (tree: Tree, at = ""): string[] => Object.entries(tree).flatMap(([k, v]) => (typeof v === "string" ? [at + k] : keys(v, at + k + ".")));
const at = (tree: Tree, key: string) => key.split(".").reduce<Tree | string | undefined>((t, k) => (typeof t === "object" ? t[k] : undefined), tree);
const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(folder, e.name)) : /\.(vue|ts)$/.test(e.name) ? [join(folder, e.name)] : []));

describe("the texts", () => {
  it("are the same keys in both languages", () => expect(keys(en)).toEqual(keys(zh)));

  it("take the same arguments in both languages", () => {
    const named = (text: unknown) => [...String(text).matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    for (const key of keys(zh)) expect(named(at(en, key)), key).toEqual(named(at(zh, key)));
  });

  it("say of every table in Chinese what it is for", () => {
    const list = readFileSync(join(__dirname, "../../src/people/holdings.c"), "utf8");
    const tables = [...list.matchAll(/^ {4}\{"(\w+)",/gm)].map((m) => m[1]);
    expect(tables.length).toBeGreaterThan(30);
    expect([...tables].sort()).toEqual(Object.keys(inventoryZh).sort());
  });

  it("have every key that the code names", () => {
    for (const file of files(join(__dirname, "../src"))) {
      for (const [, key] of readFileSync(file, "utf8").matchAll(/(?:\$t|[^\w.]t)\(\s*["']([\w.]+)["']\s*[,)]/g)) expect(typeof at(zh, key), `${file}: ${key}`).toBe("string");
    }
  });

  it("have a word for every value the API may reply", () => {
    const wanted = [
      ...STAGES.map((s) => "stage." + s), ...TRUST.map((s) => "trust." + s), ...ROLES.flatMap((r) => ["role." + r, "roleIs." + r]), ...SCOPES.map((s) => "scope." + s.replace(".", "_")),
      ...FIELDS.map((f) => "field." + f.name), ...Object.keys(QUERIES).flatMap((q) => ["query." + q, "about." + q]),
      ...Object.values(QUERIES).flat().flatMap((s) => ["query." + s.name, ...(s.choices ?? []).map((c) => "choice." + c)]),
    ];
    for (const key of wanted) expect(typeof at(zh, key), key).toBe("string");
  });

  it("have a word for every reserved kind of event, and no other", () => {
    const source = readFileSync(join(__dirname, "../../src/people/kinds.c"), "utf8");
    const reserved = [...source.matchAll(/NAME\("([\w.]+)"\)/g)].map((m) => m[1].replace(".", "_"));
    expect(Object.keys(zh.kind)).toEqual(reserved);
  });

  it("call a brand's own kind by its label, or as it is", () => {
    const t = (key: string) => String(at(zh, key));
    expect(kindName("group.joined", t)).toBe("加入社群");
    expect(kindName("lamp.lit", t, "点灯")).toBe("点灯");
    expect(kindName("lamp.lit", t)).toBe("lamp.lit");
    expect(kindName("toString", t)).toBe("toString");
    expect(kindNames(["order.paid", "lamp.lit"], t)).toBe("付款 / lamp.lit");
    expect(kindNames("*", t)).toBe(at(zh, "query.any"));
  });
});
