import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";
import { chooseLang, i18n } from "./lib/i18n";
import { firstLang, followTheme } from "./lib/prefs";
import { router } from "./router";
import "element-plus/theme-chalk/base.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";

followTheme();
chooseLang(firstLang(), false);
createApp(App).use(createPinia()).use(i18n).use(router).mount("#app");
