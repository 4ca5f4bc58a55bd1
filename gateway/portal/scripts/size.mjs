// The budgets of what a browser has to load, gzipped. Strict: a size is the same on every machine. A screen is measured
// with everything it loads: the first script, the shell and what the screen itself imports, as Vite's manifest has it.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const kb = (file) => gzipSync(readFileSync(new URL(file, dist))).length / 1024;

/** The files that a chunk needs before it runs: itself, its static imports, and their styles. */
function needs(key, found = new Set()) {
  if (found.has(manifest[key].file)) return found;
  found.add(manifest[key].file);
  for (const style of manifest[key].css ?? []) found.add(style);
  for (const other of manifest[key].imports ?? []) needs(other, found);
  return found;
}
const total = (files, kind) =>
  [...files].filter((file) => file.endsWith(kind)).reduce((sum, file) => sum + kb(file), 0);

const entry = needs("index.html");
const shell = needs("src/app/app.tsx", new Set(entry));
const chart = needs("src/features/chart/frame.tsx", new Set(shell)); // stands around each of its tabs
const screens = Object.keys(manifest).filter((key) => key.startsWith("src/features/") && manifest[key].isDynamicEntry);
const found = [
  ["first script", total(entry, ".js"), 120],
  ...screens.flatMap((key) => {
    const all = needs(key, new Set(key.startsWith("src/features/chart/") ? chart : shell));
    const name = key
      .split("/")
      .slice(2)
      .join("/")
      .replace(/\.tsx$/, "");
    return [
      [`${name}, all scripts`, total(all, ".js"), 210],
      [`${name}, all styles`, total(all, ".css"), 25],
    ];
  }),
  ["largest screen's own script", Math.max(...screens.map((key) => kb(manifest[key].file))), 40],
];
let over = false;
for (const [what, size, limit] of found) {
  over ||= size > limit;
  console.log(`${size > limit ? "OVER" : "ok  "} ${what}: ${size.toFixed(1)} of ${limit} KB`);
}
process.exit(over ? 1 : 0);
