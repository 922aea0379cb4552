import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const server = process.env.WELLFIELD_URL ?? "http://127.0.0.1:8099";

export default defineConfig({
  base: "/console/",
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: "es2021",
    manifest: "manifest.json", // for build/first.mjs
    assetsInlineLimit: 0, // the policy takes no data: but for pictures
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: { output: { manualChunks: { echarts: ["echarts/core", "echarts/charts", "echarts/components", "echarts/renderers"] } } },
  },
  server: { proxy: { "/api": server } },
});
