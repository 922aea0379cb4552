// One thing that is asked for, with what went wrong and how to ask again.
import { onBeforeUnmount, ref, shallowRef, type Ref } from "vue";
import { Problem } from "./api";

export interface Loading<T> {
  data: Ref<T | null>;
  problem: Ref<Problem | null>;
  busy: Ref<boolean>;
  again: () => Promise<void>;
  cancel: () => void;
}

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
      problem.value = e instanceof Problem ? e : new Problem(0, "fault", String(e));
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
