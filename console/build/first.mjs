// The first screen: puts styles, screens made beforehand and the script of src/first/page.ts into dist/index.html, so that
// something useful is seen before the application is here; and their hashes into dist/index.policy, for the policy of contents.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { build as bundle } from "esbuild";
import { build } from "vite";

const at = (path) => fileURLToPath(new URL("../" + path, import.meta.url));
const made = at("node_modules/.first");
const manifest = JSON.parse(readFileSync(at("dist/manifest.json"), "utf8"));
const SCREENS = { overview: "Overview", members: "Members", insight: "Insight", boards: "Boards", signin: "SignIn", setup: "Setup" };

/** The files of a screen that the entry has not brought yet. */
function files(name, seen = new Set()) {
  const chunk = manifest[name];
  if (seen.has(name) || chunk.isEntry) return [];
  seen.add(name);
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((n) => files(n, seen))].map((f) => (f.startsWith("/") ? f : "/console/" + f));
}

await build({
  configFile: false,
  root: at("."),
  plugins: [vue()],
  logLevel: "error",
  build: { ssr: at("src/first/render.ts"), outDir: made, emptyOutDir: true, copyPublicDir: false },
});
const screens = await (await import(made + "/render.js")).render();
const chunks = Object.fromEntries(Object.entries(SCREENS).map(([place, file]) => [place, [...new Set(files(`src/screens/${file}.vue`))]]));
const entry = manifest["index.html"];
const { outputFiles } = await bundle({
  entryPoints: [at("src/first/page.ts")], bundle: true, minify: true, write: false, format: "iife", target: "es2021", define: { CHUNKS: JSON.stringify(chunks), MAIN: JSON.stringify("/console/" + entry.file) }, external: ["/console/*"],
});
const script = outputFiles[0].text.trim();
const styles = [...entry.css, ...chunks.overview.filter((f) => f.endsWith(".css")).map((f) => f.replace("/console/", ""))];
const style = styles.map((f) => readFileSync(at("dist/" + f), "utf8")).join("\n") + "\n#first:not(:empty) { position: absolute; inset: 0; z-index: 9; background: var(--bg); }";
const templates = Object.entries(screens).map(([name, html]) => `<template id="${name}">${html.replace(/<!--.*?-->/g, "")}</template>`).join("\n");

const page = readFileSync(at("dist/index.html"), "utf8")
  .replace(/\s*<link rel="stylesheet"[^>]*>/, () => `\n    <script>${script}</script>\n    <style>${style}</style>`)
  .replace(/<script type="module" crossorigin src="([^"]*)"><\/script>/, '<link rel="modulepreload" crossorigin href="$1">')
  .replace('<div id="app"></div>', () => `<div id="first"></div>\n${templates}\n<div id="app"></div>`);
if (!page.includes(`<style>${style}</style>`) || !page.includes(`<script>${script}</script>`) || /<script [^>]*src/.test(page)) throw new Error("index.html has changed its form");
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
writeFileSync(at("dist/index.html"), page);
writeFileSync(at("dist/index.policy"), `${hash(script)}\n${hash(style)}\n`);
rmSync(at("dist/manifest.json"));
rmSync(made, { recursive: true });
