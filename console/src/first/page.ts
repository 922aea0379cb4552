// The script inside the page itself: the first screen in the language and theme of this browser, and what the application
// will ask for, asked at once. build/first.mjs puts it there.
import "../lib/early";
import { count, minute } from "../lib/format";
import { firstLang, firstTheme, isDark, keep, kept } from "../lib/kept";
import type { Answer } from "../lib/routes";
import { NARROW, type Session } from "../lib/types";

declare const CHUNKS: Record<string, string[]>; // of an address: the files that its screen is made of
declare const MAIN: string; // the application

let lang = firstLang();
let shown = "";
const at = location.pathname.split("/").slice(2).join("/") || "overview";
const place = at.split("/")[0];
// places whose first figures or rows are shown before the application is here
const screen = location.search ? "page" : (({ overview: "overview", members: "members" } as Record<string, string>)[at] ?? "page");
const parsed = new Promise<void>((done) => document.addEventListener("DOMContentLoaded", () => done()));
let first: HTMLElement;
const early: Record<string, Promise<Response>> = (window.wfEarly = {});
const all = (selector: string) => first.querySelectorAll<HTMLElement>(selector);

const switches = () => [...all(".switches select")] as HTMLSelectElement[];
const paint = () => document.documentElement.classList.toggle("dark", isDark(firstTheme()));

const fields = () => [...all("input")] as HTMLInputElement[];

/** What was typed stays when the same screen is shown in another language. */
function show(name: string) {
  const typed = name === shown ? fields().map((e) => e.value) : [];
  shown = name;
  const made = document.getElementById(`${name} ${lang}`) as HTMLTemplateElement | null;
  if (made) first.replaceChildren(made.content.cloneNode(true));
  typed.forEach((value, i) => fields()[i] && (fields()[i].value = value));
  [lang, firstTheme()].forEach((value, i) => switches()[i] && (switches()[i].value = value));
  for (const link of all(".places a")) link.classList.toggle("here", (link as HTMLAnchorElement).pathname === "/console/" + place);
}

function ask(path: string) {
  const url = "/api/v1" + path;
  early[url] = fetch(url, { headers: { Accept: "application/json", "Accept-Language": lang } });
  return early[url].then((reply) => (reply.ok ? reply.clone().json() : Promise.reject(reply.status)));
}

function write(selector: string, text: string) {
  for (const e of all(selector)) e.textContent = text;
}

function enter(session: Session) {
  const told = kept("lang") || !session.person.lang;
  const spoken = told ? lang : session.person.lang === "en" ? "en" : "zh-CN";
  if (!first.firstChild || spoken !== lang) {
    lang = document.documentElement.lang = spoken;
    show(screen);
    filled();
  }
  const brand = session.brands.find((b) => b.slug === kept("brand")) ?? session.brands[0];
  if (!brand) return;
  write(".who-brand, .top .mark span", brand.name);
  write(".side .who", session.person.display || session.person.name);
  for (const link of all("[data-scope]")) if (!brand.scopes.includes(link.dataset.scope!) || (brand.reach !== "brand" && !NARROW.includes(link.dataset.scope!))) link.remove();
}

type Overview = Answer<"GET", "/{brand}/overview">;
function fill(o: Overview) {
  if (o.events) [o.members, o.active, o.days.at(-1)?.value, o.events].forEach((value, i) => all(".kpi b")[i] && (all(".kpi b")[i].textContent = count(value)));
}

type Members = Answer<"GET", "/{brand}/members">;
function list(page: Members) {
  const table = all("table")[0];
  if (!table?.hidden || !page.items.length) return; // the application says why there are none
  const lines = [...all("tr.member")];
  lines.forEach((line, i) => {
    const m = page.items[i];
    if (!m) return line.remove();
    const [link, stage, seen] = [line.querySelector("a")!, ...line.querySelectorAll("td")];
    link.setAttribute("href", "/console/members/" + m.id);
    link.firstElementChild!.textContent = m.name || all(".nameless")[0].textContent!.replace("#", m.id);
    stage.replaceChildren(...(all(`[data-stage="${m.stage ?? ""}"]`)[0]?.cloneNode(true).childNodes ?? []));
    seen.textContent = minute(m.last_seen);
  });
  const total = all(".total")[0];
  total.textContent = total.textContent!.replace("#", count(page.total));
  total.hidden = typeof page.total !== "number";
  table.hidden = false;
  all(".bar[role=progressbar]")[0].remove();
}
const filled = () => Promise.allSettled([figures?.then(fill), rows?.then(list)]);

function preload(files: string[]) {
  for (const file of files) {
    const link = document.createElement("link");
    link.rel = file.endsWith(".css") ? "preload" : "modulepreload";
    if (link.rel === "preload") link.as = "style";
    link.crossOrigin = "";
    link.href = file;
    document.head.append(link);
  }
}

document.documentElement.lang = lang;
paint();
const open = ["setup", "signin", "link"].includes(place);
const session = ask("/session");
const slug = kept("brand");
const known = kept("in") && slug;
const figures: Promise<Overview> | null = screen === "overview" && known ? ask(`/${slug}/overview`) : null;
const rows: Promise<Members> | null = screen === "members" && known ? ask(`/${slug}/members?sort=last_seen&order=desc&limit=100`) : null;
for (const asked of [session, figures, rows]) asked?.catch(() => {}); // told of by begin()
preload(CHUNKS[open || kept("in") ? at : "signin"] ?? []);

/** Writes what comes into the screen, or asks for a name and a password. */
function tell() {
  const entered = session.then(enter, (status) => status === 401 && show("signin")).catch(() => {});
  return Promise.allSettled([entered, filled()]);
}

function begin() {
  first = document.getElementById("first")!;
  first.addEventListener("submit", (e) => {
    e.preventDefault();
    (e.target as HTMLFormElement).dataset.sent = "true";
  });
  first.addEventListener("change", (e) => {
    const i = switches().indexOf(e.target as HTMLSelectElement);
    if (i < 0) return;
    keep(["lang", "theme"][i], switches()[i].value);
    paint();
    lang = document.documentElement.lang = firstLang();
    if (i !== 0) return;
    show(shown);
    if (!open) tell();
  });
  if (place === "signin" || place === "setup") show(place);
  else if (kept("in") && !open) show(screen);
  for (const code of all("form [name=code]")) (code as HTMLInputElement).value = location.hash.slice(1);
  if (open) return pause(0);
  const told = tell();
  return first.firstChild && !figures && !rows ? pause(0) : told;
}

// the application comes meanwhile, and begins its work when the first screen has been painted with what it waits for
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const painted = () => Promise.race([pause(document.hidden ? 0 : 500), new Promise((done) => requestAnimationFrame(() => setTimeout(done)))]);
void parsed.then(() => Promise.race([begin(), pause(2000)])).then(painted).then(() => import(MAIN));
