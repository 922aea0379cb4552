// Who is signed in, and the brand that is open.
import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { call, Problem } from "./api";
import { chooseLang } from "./i18n";
import { keep, kept } from "./kept";
import { at as fill, type Given, type Params, type Route } from "./routes";
import { NARROW, type Catalog, type Owner, type Session } from "./types";
import { finishAll } from "./undo";

export const useSession = defineStore("session", () => {
  const session = ref<Session | null>(null);
  const asked = ref(false);
  const slug = ref(kept("brand") ?? "");
  const catalogs = ref<Record<string, Catalog>>({});

  const brand = computed(() => session.value?.brands.find((b) => b.slug === slug.value) ?? session.value?.brands[0]);
  /** An address of a route of the brand that is open. */
  const at = <R extends Route>(pattern: R, ...given: Params<R> extends "brand" ? [] : [Omit<Given<R>, "brand">]) =>
    fill(pattern, { brand: brand.value?.slug ?? "", ...given[0] } as Given<R>);

  function take(s: Session) {
    session.value = s;
    asked.value = true;
    keep("in", "yes");
    if (brand.value && brand.value.slug !== slug.value) open(brand.value.slug);
    // a browser that has not been told a language speaks the person's
    if (!kept("lang") && s.person.lang) chooseLang(s.person.lang === "en" ? "en" : "zh-CN", false);
  }
  async function load() {
    try {
      take(await call("GET", "/session"));
    } catch (e) {
      leave();
      asked.value = true;
      if (!(e instanceof Problem) || e.status !== 401) throw e;
    }
  }
  function leave() {
    session.value = null;
    keep("in", "");
    catalogs.value = {};
  }
  /** Out: what is held back is done first, while one may. */
  async function end() {
    await finishAll();
    await call("DELETE", "/session").catch(() => {});
    leave();
  }
  function open(name: string) {
    slug.value = name;
    keep("brand", name);
  }
  /** Sees some of the members only: what speaks of the whole brand is refused, and not offered. */
  const narrow = computed(() => !!brand.value && brand.value.reach !== "brand");
  function may(scope: string): boolean {
    if (narrow.value && !NARROW.includes(scope)) return false;
    return brand.value?.scopes.includes(scope) ?? false;
  }
  /** Who answers for members: asked once a screen that needs the names is opened. */
  const owners = ref<Owner[]>([]);
  async function askOwners(): Promise<void> {
    owners.value = (await call("GET", at("/{brand}/owners"))).items;
  }
  const ownerName = (code: string | null) => (code ? (owners.value.find((o) => o.staff === code)?.name ?? code) : "");
  async function catalog(): Promise<Catalog> {
    const of = brand.value?.slug ?? "";
    catalogs.value[of] ??= await call("GET", at("/{brand}/catalog"));
    return catalogs.value[of];
  }
  return { session, asked, slug, brand, narrow, owners, askOwners, ownerName, at, take, load, leave, end, open, may, catalog };
});
