// The theme of this browser, kept in its storage.
import { ref, watchEffect } from "vue";
import { firstTheme, isDark, keep, systemTheme, type Theme } from "./kept";

export const theme = ref<Theme>(firstTheme());
export const dark = ref(false);

function paint() {
  dark.value = isDark(theme.value);
  document.documentElement.classList.toggle("dark", dark.value);
}
export function followTheme() {
  systemTheme?.addEventListener("change", paint);
  watchEffect(paint);
}
export function chooseTheme(value: Theme) {
  theme.value = value;
  keep("theme", value);
}
