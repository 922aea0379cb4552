// What the first screen asked for before the application was here: each reply is taken once, by who asks for the same.
declare global {
  interface Window {
    wfEarly?: Record<string, Promise<Response>>;
  }
}

export function takeEarly(address: string): Promise<Response> | undefined {
  const early = globalThis.window?.wfEarly;
  const reply = early?.[address];
  if (early) delete early[address];
  return reply;
}

/** What was typed into the form of the first screen, and whether it was sent. */
export function typedEarly(): { values: Record<string, string>; sent: boolean } {
  const form = globalThis.document?.querySelector<HTMLFormElement>("#first form");
  const values = Object.fromEntries([...(form ? new FormData(form) : [])].filter(([, v]) => v)) as Record<string, string>;
  return { values, sent: form?.dataset.sent === "true" };
}

/** The application stands: the first screen goes, and the keyboard stays where it was. */
export function endEarly() {
  const first = document.getElementById("first");
  const at = document.activeElement;
  const name = first?.contains(at) ? at?.getAttribute("name") : null;
  first?.remove();
  delete window.wfEarly;
  if (name) document.querySelector<HTMLElement>(`#app [name="${name}"]`)?.focus();
}
