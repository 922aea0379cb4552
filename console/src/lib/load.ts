// What is asked for, a list of which page after page is, and what is done when somebody wants it: each with whether it is under way and
// what went wrong.
import { onBeforeUnmount, ref, shallowRef, type Ref } from "vue";
import { Problem } from "./api";

export interface Loading<T> {
  data: Ref<T | null>;
  problem: Ref<Problem | null>;
  busy: Ref<boolean>;
  again: () => Promise<void>;
  cancel: () => void;
}

const trouble = (e: unknown) => (e instanceof Problem ? e : new Problem(0, "fault", String(e)));

/** The latest request wins: an earlier one is aborted. */
export function loading<T>(get: (signal: AbortSignal) => Promise<T>): Loading<T> {
  const data = shallowRef<T | null>(null) as Ref<T | null>;
  const problem = ref<Problem | null>(null) as Ref<Problem | null>;
  const busy = ref(false);
  let control: AbortController | null = null;

  async function again() {
    control?.abort();
    const mine = (control = new AbortController());
    busy.value = true;
    problem.value = null;
    try {
      const got = await get(mine.signal);
      if (mine === control) data.value = got;
    } catch (e) {
      if (mine !== control || (e as Error).name === "AbortError") return;
      problem.value = trouble(e);
    } finally {
      if (mine === control) busy.value = false;
    }
  }
  function cancel() {
    control?.abort();
    control = null;
    busy.value = false;
  }
  onBeforeUnmount(cancel);
  return { data, problem, busy, again, cancel };
}

export interface Doing {
  busy: Ref<boolean>;
  problem: Ref<Problem | null>;
  run: (act: () => Promise<unknown>) => Promise<void>;
}

export function doing(): Doing {
  const problem = ref<Problem | null>(null) as Ref<Problem | null>;
  const busy = ref(false);
  async function run(act: () => Promise<unknown>) {
    busy.value = true;
    problem.value = null;
    try {
      await act();
    } catch (e) {
      problem.value = trouble(e);
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, run };
}

interface Page {
  items: unknown[];
  next: string | null;
}

/** `load()` begins anew, `more()` asks for the page after; `page` is the latest, null until there is one. */
export function paging<P extends Page>(get: (cursor: string | undefined) => Promise<P>) {
  const items = shallowRef<P["items"][number][]>([]);
  const page = shallowRef<P | null>(null);
  const { busy, problem, run } = doing();
  const take = (cursor?: string) =>
    run(async () => {
      const got = await get(cursor);
      items.value = cursor ? items.value.concat(got.items) : got.items;
      page.value = got;
    });
  return { items, page, busy, problem, load: () => take(), more: () => take(page.value?.next ?? undefined) };
}
