// The budgets of what a browser has to load, gzipped. Strict: a size is the same on every machine.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const assets = new URL("../dist/assets/", import.meta.url);
const files = readdirSync(assets).map((name) => ({
  name,
  kb: gzipSync(readFileSync(new URL(name, assets))).length / 1024,
}));
const sum = (of) => files.filter(of).reduce((total, file) => total + file.kb, 0);
const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
const scripts = (file) => file.name.endsWith(".js");
const found = [
  ["first script", sum((file) => scripts(file) && html.includes(file.name)), 120],
  ["all scripts", sum(scripts), 210],
  [
    "largest screen",
    Math.max(...files.filter((file) => scripts(file) && file.name.startsWith("page-")).map((file) => file.kb)),
    40,
  ],
  ["all styles", sum((file) => file.name.endsWith(".css")), 25],
];
let over = false;
for (const [what, kb, limit] of found) {
  over ||= kb > limit;
  console.log(`${kb > limit ? "OVER" : "ok  "} ${what}: ${kb.toFixed(1)} of ${limit} KB`);
}
process.exit(over ? 1 : 0);
