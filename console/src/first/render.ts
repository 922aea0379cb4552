// The first screens as HTML, made when the console is built: what is seen while the application is on its way.
import { createPinia } from "pinia";
import { createSSRApp, h, type Component } from "vue";
import { createMemoryHistory, createRouter, RouterView } from "vue-router";
import { renderToString } from "vue/server-renderer";
import { chooseWords, i18n } from "../lib/i18n";
import type { Lang } from "../lib/kept";
import { useSession } from "../lib/session";
import { SCOPES, type Session } from "../lib/types";
import Shell from "../parts/Shell.vue";
import Setup from "../screens/Setup.vue";
import SignIn from "../screens/SignIn.vue";
import MembersFirst from "./MembersFirst.vue";
import OverviewFirst from "./OverviewFirst.vue";
import Waiting from "./Waiting.vue";

const screens: Record<string, { path: string; frame: Component; within?: Component }> = {
  signin: { path: "/signin", frame: SignIn },
  setup: { path: "/setup", frame: Setup },
  overview: { path: "/overview", frame: Shell, within: OverviewFirst },
  members: { path: "/members", frame: Shell, within: MembersFirst },
  page: { path: "/", frame: Shell, within: Waiting },
};
/** Somebody who may do everything: the script of the page takes out the places of who may not. */
const somebody = { person: { name: "", display: "", lang: "" }, brands: [{ slug: "", name: "", scopes: [...SCOPES], reach: "brand" }] } as unknown as Session;

async function screen(name: string, lang: Lang): Promise<string> {
  const { path, frame, within } = screens[name];
  const router = createRouter({
    history: createMemoryHistory("/console/"),
    routes: [...["/", "/overview", "/members"].map((path) => ({ path, component: within ?? Waiting })), { path: "/:rest(.*)*", component: Waiting }],
  });
  const pinia = createPinia();
  const app = createSSRApp({ render: () => h(frame) }).use(pinia).use(i18n).use(router).component("RouterView", RouterView);
  chooseWords(lang);
  if (within) useSession(pinia).session = somebody;
  await router.push(path);
  return renderToString(app);
}

/** By "NAME LANG". */
export async function render(): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const lang of ["zh-CN", "en"] as Lang[]) for (const name of Object.keys(screens)) made[`${name} ${lang}`] = await screen(name, lang);
  return made;
}
