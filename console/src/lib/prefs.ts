// Language and theme of this browser, kept in its storage.
import { ref, watchEffect } from "vue";

export type Theme = "auto" | "light" | "dark";
export type Lang = "zh-CN" | "en";

function kept(name: string): string | null {
  try {
    return localStorage.getItem("wf." + name);
  } catch {
    return null;
  }
}
export function keep(name: string, value: string) {
  try {
    localStorage.setItem("wf." + name, value);
  } catch {
    // a browser without storage forgets
  }
}
export { kept };

export const theme = ref<Theme>((kept("theme") as Theme) ?? "auto");
export const dark = ref(false);
const system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

function paint() {
  dark.value = theme.value === "dark" || (theme.value === "auto" && !!system?.matches);
  document.documentElement.classList.toggle("dark", dark.value);
}
export function followTheme() {
  system?.addEventListener("change", paint);
  watchEffect(paint);
}
export function chooseTheme(value: Theme) {
  theme.value = value;
  keep("theme", value);
}

export function firstLang(): Lang {
  return kept("lang") === "en" ? "en" : "zh-CN";
}
