// What changes in the brand, as it happens: server-sent events, with how the line is.
import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { address } from "./api";
import type { Path } from "./routes";

export type Line = "opening" | "open" | "lost";
type Heard = Record<string, (data: any) => void>;

const GRACE_MS = 2500; // the server ends a stream every ten minutes; the browser is back before this
const AGAIN_MS = 5000;

/** Listens while the screen is there and in sight. The browser resumes a line that broke by the last event's id; one that
 * was refused is tried again here. */
export function listening(path: Path<"/{brand}/stream">, heard: Heard): Ref<Line> {
  const line = ref<Line>("opening");
  let source: EventSource | null = null;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;

  function close() {
    clearTimeout(grace);
    clearTimeout(again);
    source?.close();
    source = null;
  }
  function open() {
    close();
    const mine = (source = new EventSource(address(path, { topics: Object.keys(heard).join(",") })));
    mine.onopen = () => {
      clearTimeout(grace);
      line.value = "open";
    };
    mine.onerror = () => {
      if (mine !== source) return;
      clearTimeout(grace);
      if (mine.readyState === EventSource.CLOSED) {
        line.value = "lost";
        again = setTimeout(open, AGAIN_MS);
      } else {
        grace = setTimeout(() => (line.value = "lost"), GRACE_MS);
      }
    };
    for (const [topic, tell] of Object.entries(heard)) mine.addEventListener(topic, (e) => tell(JSON.parse((e as MessageEvent<string>).data)));
  }
  // a page out of sight holds no connection: a browser has six to a server
  const look = () => (document.hidden ? close() : open());

  onMounted(() => {
    look();
    document.addEventListener("visibilitychange", look);
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", look);
    close();
  });
  return line;
}
