import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forget, goOn, hold, upload, uploads } from "../src/lib/upload";

const SIZE = 2.5 * 1024 * 1024;
const file = new File([new Uint8Array(SIZE)], "orders.csv");
const one = { id: 7, name: "orders.csv", bytes: SIZE, received: 0 };

// A server that keeps what comes in order, and what it is told to do wrong first.
let received = 0;
let wrong: (() => Response | Promise<Response>)[] = [];
const offsets: number[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  received = 0;
  wrong = [];
  offsets.length = 0;
  vi.stubGlobal("fetch", async (url: string, how: RequestInit) => {
    if (how.signal?.aborted) throw new DOMException("aborted", "AbortError");
    if (how.method === "GET") return new Response(JSON.stringify({ ...one, received }));
    const fault = wrong.shift();
    if (fault) return fault();
    const offset = Number(new URL(url, "http://x").searchParams.get("offset"));
    offsets.push(offset);
    if (offset !== received) return new Response(JSON.stringify({ code: "offset" }), { status: 409 });
    received += (how.body as Blob).size;
    return new Response(JSON.stringify({ received }));
  });
});
afterEach(() => {
  forget("7");
  vi.useRealTimers();
});
const begin = () => new Promise<void>((done) => upload(one, file, "/s/imports", done));

describe("an upload", () => {
  it("sends the file piece by piece, each where the last one ended", async () => {
    await begin();
    expect(offsets).toEqual([0, 1048576, 2097152]);
    expect(received).toBe(SIZE);
    expect(uploads.size).toBe(0);
  });

  it("goes on where the server is, when a piece arrived but its answer did not", async () => {
    wrong = [() => Promise.reject(new TypeError("network")), () => ((received = 1048576), new Response("{}", { status: 502 }))];
    const done = begin();
    await vi.runAllTimersAsync();
    await done;
    expect(offsets).toEqual([1048576, 2097152]);
    expect(received).toBe(SIZE);
  });

  it("believes the server about the offset", async () => {
    received = 2097152;
    await begin();
    expect(offsets).toEqual([0, 2097152]);
  });

  it("stops at what no second try can mend, says it, and can be sent on", async () => {
    wrong = [() => new Response(JSON.stringify({ code: "no_space", detail: "full" }), { status: 413 })];
    let finished = false;
    upload(one, file, "/s/imports", () => (finished = true));
    await vi.runAllTimersAsync();
    expect(uploads.get("7")?.problem?.status).toBe(413);
    expect(uploads.get("7")?.paused).toBe(true);
    goOn("7", "/s/imports", () => (finished = true));
    await vi.runAllTimersAsync();
    expect(finished && received === SIZE).toBe(true);
  });

  it("that is paused sends nothing more until it goes on", async () => {
    let finished = false;
    upload(one, file, "/s/imports", () => (finished = true));
    hold("7");
    await vi.runAllTimersAsync();
    expect(finished).toBe(false);
    goOn("7", "/s/imports", () => (finished = true));
    await vi.runAllTimersAsync();
    expect(finished && received === SIZE).toBe(true);
  });
});
