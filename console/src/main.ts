import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { chooseLang, i18n } from "./lib/i18n";
import { endEarly } from "./lib/early";
import { firstLang } from "./lib/kept";
import { followTheme } from "./lib/prefs";
import { router } from "./router";
import "element-plus/theme-chalk/base.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";

followTheme();
chooseLang(firstLang(), false);
const app = createApp(App).use(createPinia()).use(i18n).use(router);
// the first screen stands until the one that takes its place is made, and what was asked for early has had a turn to come in
const ready = router.isReady().catch(() => {}); // without the file of a screen the others can still be gone to
void ready.then(() => {
  app.mount("#app");
  setTimeout(endEarly);
});
