import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../src/locales/en";
import zh from "../src/locales/zh";
import { chosen, COUNTS, flaw, FORMATS, IDENTITIES, mapOf, SAMPLED, TARGETS, triedTabs, VALUE_TYPES, type Choice, type Column } from "../src/lib/imports";

const column = (at: number, header: string | null): Column => ({ at, header, samples: [] });
const choice = (target: string, more: Partial<Choice> = {}): Choice => ({ target, name: "", type: "text", format: "", ...more });

describe("the map of columns", () => {
  it("begins with what the headers mean", () => {
    const of = (entry: string | null) => {
      const { kept, ...said } = chosen({ ...column(1, "x"), entry });
      expect(kept).toBe(entry ?? undefined);
      return said;
    };
    expect(of("member=phone:手机号")).toEqual(choice("member:phone"));
    expect(of("trait.nickname=text:昵称,member=name:昵称")).toEqual(choice("trait", { name: "nickname" }));
    expect(of("props.order=text:订单编号")).toEqual(choice("props", { name: "order" }));
    expect(of("at=date:付款时间:%Y-%m-%d %H\\:%M")).toEqual(choice("at", { format: "%Y-%m-%d %H:%M" }));
    expect(of("kind=status:订单状态")).toEqual(choice("status"));
    expect(of("amount=integer:fen")).toEqual(choice("amount_minor"));
    expect(of("amount=decimal:实付金额")).toEqual(choice("amount"));
    expect(of("props.a\\=b=number:x")).toEqual(choice("props", { name: "a=b", type: "number" }));
    expect(of("staff=text:导购")).toEqual(choice("staff"));
    expect(of(null)).toEqual(choice(""));
  });

  it("has in its select each target that the server knows, and an identity of each kind", () => {
    const source = readFileSync(join(__dirname, "../../src/intake/mapping.c"), "utf8");
    const plain = source.split("static bool target_plain")[1].split("}};")[0];
    const codes = source.split("static bool target_code")[1].split("};")[0];
    const known = [...plain.matchAll(/\{"(\w+)",/g), ...codes.matchAll(/"(\w+)"/g)].map((m) => m[1]);
    expect(known.length).toBeGreaterThan(15);
    for (const target of known) {
      const type = { member: "phone", other: "phone", kind: "text", amount: "decimal" }[target] ?? "text";
      expect(chosen({ ...column(1, "x"), entry: `${target}=${type}:x` }).target, target).not.toBe("");
    }
    // and nothing that it does not
    const made = TARGETS.map((x) => ({ status: "kind", amount_minor: "amount" })[x as string] ?? x).filter((x) => x !== "props" && x !== "trait");
    for (const target of made) expect(known).toContain(target);
    const kinds = readFileSync(join(__dirname, "../../src/people/fact_identity.c"), "utf8").split("kind_names[")[1].split("};")[0];
    expect([...kinds.matchAll(/"(\w+)"/g)].map((m) => m[1]).sort()).toEqual([...IDENTITIES].sort());
  });

  it("says the same again when nothing is changed", () => {
    for (const entry of ["person=text:x,trait.nickname=text:x", "member?=phone:x", "refund=decimal:x", "tags=text:x", "birthday=date:x", "member=phone:x", "at=date:x:%H\\:%M", "props.a\\=b=number:x", "trait.t=date:x:%Y", "kind=status:x", "amount=integer:x"]) {
      const columns = [{ ...column(1, "x"), entry }];
      expect(mapOf(columns, columns.map(chosen))).toBe(entry);
    }
  });

  it("is what the command line of docs/import.md says of CDNOW", () => {
    const columns = [1, 2, 3, 4, 5].map((n) => column(n, null));
    const choices = [choice("member:name"), choice(""), choice("at", { format: "%Y%m%d" }), choice("props", { name: "cds", type: "number" }), choice("amount")];
    expect(mapOf(columns, choices)).toBe("member=name:$1,at=date:$3:%Y%m%d,props.cds=number:$4,amount=decimal:$5");
  });

  it("names columns by headers that are theirs alone, and by place otherwise", () => {
    const columns = [column(1, "电话"), column(2, "电话"), column(3, "$7"), column(4, " 城市 ")];
    const choices = [choice("member:phone"), choice("other:phone"), choice("id"), choice("trait", { name: "城市" })];
    expect(mapOf(columns, choices)).toBe("member=phone:$1,other=phone:$2,id=text:$3,trait.城市=text:城市");
  });

  it("escapes what the map's own signs are", () => {
    expect(mapOf([column(1, "a,b:c=d\\e")], [choice("at", { format: "%H:%M" })])).toBe("at=date:a\\,b\\:c\\=d\\\\e:%H\\:%M");
    expect(mapOf([column(1, "x")], [choice("props", { name: "a=b" })])).toBe("props.a\\=b=text:x");
  });

  it("reads statuses, and money in both units", () => {
    expect(mapOf([column(1, "s"), column(2, "m")], [choice("status"), choice("amount_minor")])).toBe("kind=status:s,amount=integer:m");
  });

  it("is refused where a name is missing or one thing comes twice", () => {
    const columns = [column(1, "a"), column(2, "b")];
    expect(flaw(columns, [choice("props"), choice("")])).toEqual({ key: "nameless", column: "a" });
    expect(flaw(columns, [choice("amount"), choice("amount_minor")])).toEqual({ key: "twice", column: "b" });
    expect(flaw(columns, [choice("kind"), choice("status")])).toEqual({ key: "twice", column: "b" });
    expect(flaw(columns, [choice("trait", { name: "x" }), choice("props", { name: "x" })])).toBeNull();
    expect(flaw(columns, [choice("member:phone"), choice("member:phone")])).toBeNull(); // several phones of one person
  });

  it("has words for everything a select offers", () => {
    for (const texts of [zh, en] as Record<string, any>[]) {
      for (const x of TARGETS) expect(texts.target[x], x).toBeTruthy();
      for (const x of IDENTITIES) expect(texts.identity[x], x).toBeTruthy();
      for (const x of VALUE_TYPES) expect(texts.valueType[x], x).toBeTruthy();
      for (const x of FORMATS) expect(texts.format[x] && texts.formatIs[x], x).toBeTruthy();
      for (const x of COUNTS) expect(texts.count[x], x).toBeTruthy();
    }
  });
});

describe("what a dry run found", () => {
  const rows = (n: number) => ({ rows: n, first: Array.from({ length: Math.min(n, 5) }, (_, i) => ({ line: i + 2, row: "a", member: null })) });
  const samples = (n: number, staff = 0) => ({ new: rows(n), updated: rows(0), conflict: rows(0), unknown_staff: rows(staff), unchanged: rows(0) });

  it("has a tab for each thing, and one for what was rejected", () => {
    const { tabs, gone } = triedTabs({ tried: { members_created: 7, rejected: 2 } as never, dry_run: true }, samples(7));
    expect(tabs.map((t) => [t.name, t.rows, t.first.length])).toEqual([["new", 7, 5], ["updated", 0, 0], ["conflict", 0, 0], ["unchanged", 0, 0], ["rejected", 2, 0]]);
    expect(gone).toBe(false);
  });

  it("has one for staff that nobody is where a row names some", () => {
    expect(triedTabs({ tried: {} as never, dry_run: false }, samples(1, 2)).tabs.map((t) => t.name)).toEqual([...SAMPLED]);
  });

  it("leaves out what was rejected once it is the import's", () => {
    expect(triedTabs({ tried: { rejected: 2 } as never, dry_run: false }, samples(1)).tabs.map((t) => t.name)).toEqual(SAMPLED.filter((name) => name !== "unknown_staff"));
  });

  it("says that rows are gone only where there were some", () => {
    const gone = (figures: object, found: ReturnType<typeof samples> | null) => triedTabs({ tried: figures as never, dry_run: true }, found).gone;
    expect(gone({ members_created: 7 }, samples(0))).toBe(true);
    expect(gone({ members_created: 0, stored: 3 }, samples(0))).toBe(false);
    expect(gone({ members_created: 7 }, null)).toBe(false);
  });

  it("has a name and a meaning for each in both languages", () => {
    for (const text of [en, zh]) for (const name of [...SAMPLED, "rejected"]) {
      const texts = text.imports as Record<string, string>;
      expect(texts["tab_" + name] && texts["tabMeans_" + name], name).toBeTruthy();
    }
  });
});
