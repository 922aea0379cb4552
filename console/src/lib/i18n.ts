// The texts: Chinese first; English has every key by its type.
import { createI18n } from "vue-i18n";
import en from "../locales/en";
import zh from "../locales/zh";
import { speak } from "./api";
import { firstLang, keep, type Lang } from "./kept";

export const i18n = createI18n({
  legacy: false,
  locale: firstLang(),
  fallbackLocale: "zh-CN",
  messages: { "zh-CN": zh, en },
});

export function chooseWords(lang: Lang) {
  i18n.global.locale.value = lang;
  speak(lang);
}
export function chooseLang(lang: Lang, keepIt = true) {
  chooseWords(lang);
  document.documentElement.lang = lang;
  if (keepIt) keep("lang", lang);
}
