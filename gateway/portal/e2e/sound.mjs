// What every journey uses: a sound screen in both themes, and the places where screenshots go.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";

export const OUT = new URL("../test-output/", import.meta.url).pathname;
mkdirSync(OUT, { recursive: true });
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Nothing inaccessible on the screen as it is, and nothing that the content policy had to stop. */
export async function sound(page, what) {
  const stopped = await page.evaluate(() => window.violations);
  assert.deepEqual(stopped, [], `${what}: content policy`);
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  const told = found.violations.map(
    (one) =>
      `${one.id}: ${one.nodes
        .map((node) => `${node.target} ${node.any[0]?.message ?? ""}`)
        .slice(0, 4)
        .join(" | ")}`,
  );
  assert.deepEqual(told, [], `${what}: accessibility`);
}
export async function inBothThemes(page, name) {
  await page.mouse.move(0, 0);
  await page.waitForTimeout(200);
  await sound(page, `${name}, light`);
  await page.screenshot({ path: `${OUT}${name}.png` });
  await page.evaluate(() => document.documentElement.setAttribute("data-mantine-color-scheme", "dark"));
  await page.waitForTimeout(250);
  await sound(page, `${name}, dark`);
  await page.screenshot({ path: `${OUT}${name}-dark.png` });
  await page.evaluate(() => document.documentElement.setAttribute("data-mantine-color-scheme", "light"));
}
