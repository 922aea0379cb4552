import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onConfirm } from "../src/lib/api";
import { call } from "../src/lib/api";
import { finish, finishAll, held, hold, isHeld, undo, UNDO_MS } from "../src/lib/undo";

const sent: { method: string; path: string; keepalive?: boolean }[] = [];
let replies: Response[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  replies = [];
  vi.stubGlobal("fetch", async (url: string, how: RequestInit) => {
    sent.push({ method: how.method!, path: url.replace("/api/v1", ""), keepalive: how.keepalive });
    return replies.shift() ?? new Response(null, { status: 204 });
  });
});
afterEach(async () => {
  await finishAll();
  vi.useRealTimers();
});
const refusal = (status: number, code: string) => new Response(JSON.stringify({ code, detail: code }), { status });

describe("what is deleted", () => {
  it("is out of sight at once and deleted after ten seconds", async () => {
    hold("/s/boards/1", "gone");
    expect(isHeld("/s/boards/1")).toBe(true);
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([{ method: "DELETE", path: "/s/boards/1", keepalive: false }]);
    expect(held.length).toBe(0);
    expect(isHeld("/s/boards/1")).toBe(true); // lists that are older still leave it out
  });

  it("is there again when it is undone, and nothing is sent", async () => {
    hold("/s/boards/2", "gone");
    undo(held[0]);
    expect(isHeld("/s/boards/2")).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
    expect(sent).toEqual([]);
  });

  it("is sent at once when the page is left", async () => {
    hold("/s/boards/3", "gone");
    hold("/s/boards/4", "gone");
    await finishAll(true);
    expect(sent.map((s) => [s.path, s.keepalive])).toEqual([["/s/boards/3", true], ["/s/boards/4", true]]);
    await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
    expect(sent.length).toBe(2);
  });

  it("comes back with what went wrong when the server refuses", async () => {
    replies = [refusal(412, "changed_meanwhile")];
    let code = "";
    hold("/s/boards/5", "gone", { failed: (p) => (code = p.code) });
    await finish(held[0]);
    expect(code).toBe("changed_meanwhile");
    expect(isHeld("/s/boards/5")).toBe(false);
  });

  it("asks for the list again once it is done, and trusts that one", async () => {
    let asked = 0;
    hold("/s/staff/6", "gone", { after: () => asked++ });
    await finish(held[0]);
    expect(asked).toBe(1);
    expect(isHeld("/s/staff/6")).toBe(false); // may be invited again
  });
});

describe("a route that wants the password again", () => {
  it("is asked once more after it was given, and several ask once", async () => {
    let asked = 0;
    let tell = (_: boolean) => {};
    onConfirm(() => {
      asked++;
      return new Promise((done) => (tell = done));
    });
    replies = [refusal(403, "confirm_password"), refusal(403, "confirm_password")];
    const both = Promise.all([call("POST", "/s/keys", { body: {} }), call("POST", "/s/keys", { body: {} })]);
    await vi.advanceTimersByTimeAsync(0);
    tell(true);
    await both;
    expect(asked).toBe(1);
    expect(sent.length).toBe(4);
  });

  it("stays refused when it was not given", async () => {
    onConfirm(async () => false);
    replies = [refusal(403, "confirm_password")];
    await expect(call("POST", "/s/keys", { body: {} })).rejects.toMatchObject({ code: "confirm_password" });
    expect(sent.length).toBe(1);
  });

  it("is not asked for where it is a mere lack of rights", async () => {
    onConfirm(async () => {
      throw new Error("asked");
    });
    replies = [refusal(403, "forbidden")];
    await expect(call("POST", "/s/keys", { body: {} })).rejects.toMatchObject({ code: "forbidden" });
  });
});
