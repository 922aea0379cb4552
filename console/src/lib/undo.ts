// What is deleted is gone from the screen at once, and from the server ten seconds later: until then it can be undone.
import { reactive } from "vue";
import { ask, Problem } from "./api";
import type { Deletable, Path } from "./routes";

export const UNDO_MS = 10000;

export interface Held {
  path: Path<Deletable>; // what is deleted; nothing is held twice
  words: string; // what the bar says
  until: number; // Date.now() at which it is done
  headers?: Record<string, string>;
  after?: () => unknown; // it is done: ask again for what the screen shows
  failed?: (problem: Problem) => void;
}
interface Waiting extends Held {
  timer?: ReturnType<typeof setTimeout>;
}

export const held = reactive<Waiting[]>([]);

const gone = reactive(new Set<string>());

/** Screens leave out what is held, and what is deleted while their lists are older than that. */
export function isHeld(path: Path<Deletable>): boolean {
  return gone.has(path) || held.some((h) => h.path === path);
}

function drop(one: Held) {
  const at = held.findIndex((h) => h.path === one.path);
  if (at >= 0) clearTimeout(held.splice(at, 1)[0].timer);
}

export function hold(path: Path<Deletable>, words: string, more: Pick<Held, "headers" | "after" | "failed"> = {}) {
  if (held.some((h) => h.path === path)) return;
  held.push({ path, words, until: Date.now() + UNDO_MS, ...more });
  const one = held.at(-1)!;
  one.timer = setTimeout(() => finish(one), UNDO_MS);
}

export function undo(one: Held) {
  drop(one);
}

/** Do it now. What is deleted stays out of sight until the server has answered. */
export async function finish(one: Waiting, keepalive = false) {
  clearTimeout(one.timer);
  try {
    await ask("DELETE", one.path, { headers: one.headers, keepalive });
    gone.add(one.path);
    await one.after?.();
    if (one.after) gone.delete(one.path); // the list is new
  } catch (e) {
    // gone already is as good as deleted
    if (e instanceof Problem && e.status !== 404) one.failed?.(e);
  } finally {
    drop(one);
  }
}

/** What was done at once and can be taken back for as long: a merge. */
export interface Offer {
  words: string;
  until: number;
  back: () => unknown;
}
export const offers = reactive<Offer[]>([]);

function withdraw(until: number, words: string) {
  const at = offers.findIndex((o) => o.until === until && o.words === words);
  if (at >= 0) offers.splice(at, 1);
}

export function offer(words: string, back: () => unknown) {
  const one = { words, until: Date.now() + UNDO_MS, back };
  offers.push(one);
  setTimeout(() => withdraw(one.until, words), UNDO_MS);
}

export async function takeBack(one: Offer) {
  withdraw(one.until, one.words);
  await one.back();
}

/** Before the page is left or the session ends: everything that is held is sent. */
export function finishAll(keepalive = false): Promise<unknown> {
  return Promise.all([...held].map((one) => finish(one, keepalive)));
}

if (typeof addEventListener === "function") addEventListener("pagehide", () => void finishAll(true));
