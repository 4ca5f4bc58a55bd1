import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { theme } from "./src/app/theme.ts";

/** Mantine's variables as a file: the content policy forbids the style element that it would write at run time. */
function mantineVariables(): Plugin {
  const name = "virtual:mantine-variables.css";
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const merged = mergeMantineTheme(DEFAULT_THEME, theme);
      return convertCssVariables(defaultCssVariablesResolver(merged), ":root");
    },
  };
}

const GATEWAY = process.env.ARCHWIRE_GATEWAY ?? "http://localhost:8420";

export default defineConfig({
  plugins: [react(), mantineVariables()],
  build: { target: "es2022", assetsInlineLimit: 0, manifest: true, modulePreload: { polyfill: false } },
  server: { proxy: { "/v1": { target: GATEWAY }, "/docs": { target: GATEWAY } } },
});
