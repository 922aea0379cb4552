// Files on their way to the server, piece by piece. An upload goes on while other screens are looked at; one that broke
// off goes on where the server has got to.
import { reactive } from "vue";
import { call, Problem } from "./api";
import type { Import } from "./imports";
import { at } from "./routes";

const SMALL = 1 << 20;
const LARGE = 4 << 20; // what the server takes at once
const TRIES = 5;

export interface Upload {
  id: string;
  name: string;
  bytes: number;
  received: number;
  problem: Problem | null;
  paused: boolean;
}
interface Work extends Upload {
  file: File;
  control: AbortController | null;
}
export const uploads = reactive(new Map<string, Work>());

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function piece(work: Work, brand: string, signal: AbortSignal): Promise<number> {
  const size = work.bytes > 64 * SMALL ? LARGE : SMALL;
  const raw = work.file.slice(work.received, work.received + size);
  return (await call("PUT", at("/{brand}/imports/{id}/content", { brand, id: work.id }), { query: { offset: work.received }, raw, signal })).received;
}

/** How far the server is: after a refusal of the offset, and before going on. */
async function asFar(work: Work, brand: string, signal: AbortSignal): Promise<number> {
  return (await call("GET", at("/{brand}/imports/{id}", { brand, id: work.id }), { signal })).received;
}

async function run(work: Work, brand: string, done: () => void) {
  const control = (work.control = new AbortController());
  work.problem = null;
  work.paused = false;
  for (let failed = 0; work.received < work.bytes; ) {
    try {
      work.received = await piece(work, brand, control.signal);
      failed = 0;
    } catch (e) {
      if (control.signal.aborted) return;
      const problem = e instanceof Problem ? e : new Problem(0, "fault", String(e));
      const passing = [0, 409, 429].includes(problem.status) || problem.status >= 500;
      if (!passing || ++failed > TRIES) {
        work.problem = problem;
        work.paused = true;
        return;
      }
      if (problem.status !== 409) await pause(500 * 2 ** failed);
      work.received = await asFar(work, brand, control.signal).catch(() => work.received);
      if (control.signal.aborted) return;
    }
  }
  uploads.delete(work.id);
  done();
}

/** Begin with a file, or go on with one that the server has a part of. */
export function upload(one: Pick<Import, "id" | "name" | "bytes" | "received">, file: File, brand: string, done: () => void) {
  const id = String(one.id);
  if (uploads.get(id)?.control && !uploads.get(id)?.paused) return;
  uploads.set(id, { id, name: one.name, bytes: one.bytes, received: one.received, problem: null, paused: false, file, control: null });
  void run(uploads.get(id)!, brand, done);
}

export function hold(id: string) {
  const work = uploads.get(id);
  if (!work) return;
  work.control?.abort();
  work.paused = true;
}

export function goOn(id: string, brand: string, done: () => void) {
  const work = uploads.get(id);
  if (work?.paused) void run(work, brand, done);
}

export function forget(id: string) {
  hold(id);
  uploads.delete(id);
}
