// What this browser keeps of itself. Without any library, since the first screen stands on it.
export type Theme = "auto" | "light" | "dark";
export type Lang = "zh-CN" | "en";

export function kept(name: string): string | null {
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

export const firstLang = (): Lang => (kept("lang") === "en" ? "en" : "zh-CN");
export const firstTheme = (): Theme => (kept("theme") as Theme) ?? "auto";
export const systemTheme = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
export const isDark = (theme: Theme) => theme === "dark" || (theme === "auto" && !!systemTheme?.matches);
