// Files on their way to the server, piece by piece. An upload goes on while other screens are looked at; one that broke
// off goes on where the server has got to.
import { reactive } from "vue";
import { call, Problem } from "./api";
import type { Import } from "./imports";

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

async function piece(work: Work, path: string, signal: AbortSignal): Promise<number> {
  const size = work.bytes > 64 * SMALL ? LARGE : SMALL;
  const raw = work.file.slice(work.received, work.received + size);
  return (await call<{ received: number }>("PUT", `${path}/${work.id}/content`, { query: { offset: work.received }, raw, signal })).received;
}

/** How far the server is: after a refusal of the offset, and before going on. */
async function asFar(work: Work, path: string, signal: AbortSignal): Promise<number> {
  return (await call<Import>("GET", `${path}/${work.id}`, { signal })).received;
}

async function run(work: Work, path: string, done: () => void) {
  const control = (work.control = new AbortController());
  work.problem = null;
  work.paused = false;
  for (let failed = 0; work.received < work.bytes; ) {
    try {
      work.received = await piece(work, path, control.signal);
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
      work.received = await asFar(work, path, control.signal).catch(() => work.received);
      if (control.signal.aborted) return;
    }
  }
  uploads.delete(work.id);
  done();
}

/** Begin with a file, or go on with one that the server has a part of. */
export function upload(one: Pick<Import, "id" | "name" | "bytes" | "received">, file: File, path: string, done: () => void) {
  const id = String(one.id);
  if (uploads.get(id)?.control && !uploads.get(id)?.paused) return;
  uploads.set(id, { id, name: one.name, bytes: one.bytes, received: one.received, problem: null, paused: false, file, control: null });
  void run(uploads.get(id)!, path, done);
}

export function hold(id: string) {
  const work = uploads.get(id);
  if (!work) return;
  work.control?.abort();
  work.paused = true;
}

export function goOn(id: string, path: string, done: () => void) {
  const work = uploads.get(id);
  if (work?.paused) void run(work, path, done);
}

export function forget(id: string) {
  hold(id);
  uploads.delete(id);
}
