import { describe, expect, it } from "vitest";
import { COMPARED, parsed, previous, QUERIES, starter, withField } from "../src/lib/query";

describe("a query as data", () => {
  it("leaves out what is empty and what is the default", () => {
    const [measure, by] = [QUERIES.trend.find((s) => s.name === "measure")!, QUERIES.trend.find((s) => s.name === "by")!];
    const q = withField({ trend: { kind: "order.paid" } }, measure, "members");
    expect(q).toEqual({ trend: { kind: "order.paid", measure: "members" } });
    expect(withField(q, measure, "events")).toEqual({ trend: { kind: "order.paid" } });
    expect(withField(q, by, "")).toEqual(q);
    expect(withField({ trend: { kind: "a", from: "2026-01-01" } }, QUERIES.trend.find((s) => s.name === "from")!, undefined)).toEqual({ trend: { kind: "a" } });
    expect(withField({ trend: { kind: ["a"] } }, QUERIES.trend[0], [])).toEqual({ trend: {} });
  });

  it("does not change the one it was made from", () => {
    const before = { trend: { kind: "a" } };
    withField(before, QUERIES.trend[1], "members");
    expect(before).toEqual({ trend: { kind: "a" } });
  });

  it("begins with something for every kind of question, made of fields it takes", () => {
    for (const name of Object.keys(QUERIES)) {
      const body = starter(name)[name];
      for (const field of Object.keys(body)) expect(QUERIES[name].map((s) => s.name), `${name}.${field}`).toContain(field);
      expect(parsed(JSON.stringify(starter(name)))).toEqual(starter(name));
    }
  });
});

describe("what is typed", () => {
  it("is a query only when it is an object with one name and an object behind it", () => {
    expect(parsed('{"trend": {"kind": "*"}}')).toEqual({ trend: { kind: "*" } });
    for (const text of ["", "{", "[]", "null", "1", '"trend"', "{}", '{"a": {}, "b": {}}', '{"trend": []}', '{"trend": null}', '{"trend": 1}']) expect(typeof parsed(text), text).toBe("string");
  });
});

describe("the previous period", () => {
  const canonical = (from: string, to: string) => ({ trend: { from, to } });

  it("has the same length in whole days and ends where the asked one begins", () => {
    const q = { trend: { kind: "*", from: "2026-11-01" } };
    expect(previous(q, canonical("2026-11-01T00:00:00+08:00", "2026-11-08T00:00:00+08:00"))).toEqual({
      trend: { kind: "*", from: "2026-10-24T16:00:00.000Z", to: "2026-10-31T16:00:00.000Z" },
    });
    // up to now: a day that has begun counts as one
    expect(previous(q, canonical("2026-11-01T00:00:00Z", "2026-11-02T06:00:00Z"))).toEqual({ trend: { kind: "*", from: "2026-10-30T00:00:00.000Z", to: "2026-10-31T06:00:00.000Z" } });
  });

  it("does not reach back before 1970", () => {
    expect(previous({ trend: { from: "1970-01-02" } }, canonical("1970-01-02T00:00:00Z", "1970-01-10T00:00:00Z"))?.trend.from).toBe("1970-01-01T00:00:00.000Z");
  });

  it("is there for trends and funnels without a breakdown, and for a range alone", () => {
    expect(COMPARED).toEqual(["trend", "funnel"]);
    const range = ["2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z"];
    expect(previous({ trend: { breakdown: "group" } }, canonical(range[0], range[1]))).toBeNull();
    expect(previous({ rfm: {} }, { rfm: { from: range[0], to: range[1] } })).toBeNull();
    expect(previous({ trend: {} }, { trend: {} })).toBeNull();
    expect(previous({ trend: {} }, canonical(range[1], range[0]))).toBeNull();
  });
});
