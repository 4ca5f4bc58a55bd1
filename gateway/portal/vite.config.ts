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

const BASE =
  /src\/(api\/(client|reach)|domain\/i18n|ui\/(icons|states|undo)|app\/(session|tabs))|openapi-fetch|@mantine\/core\/esm\/(core|components\/(Input|InputBase|TextInput|PasswordInput|Button|ActionIcon|UnstyledButton|Loader|Transition))\//;

export default defineConfig({
  plugins: [react(), mantineVariables()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    // What nearly every screen needs is one file: many small ones weigh more.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "base", test: BASE, minShareCount: 4, priority: 2 }, // also the sign-in page
            {
              name: "frame",
              test: /src\/(app|api)\/|@tanstack\/(react-router|router-core|history|store|react-store)\/|@floating-ui|components\/(Popover|Menu|Tooltip|Floating|FocusTrap|Portal)\//,
              minShareCount: 10,
              priority: 1,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/v1": { target: GATEWAY }, "/docs": { target: GATEWAY } } },
});
