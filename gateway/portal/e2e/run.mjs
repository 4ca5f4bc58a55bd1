// The journeys of a practice's people, in a real browser against a real platform. Each file of journeys/ exports
// `(browser, world) => ({ "what somebody does": async () => page })`. Screenshots go to test-output/.
// An argument runs only the journeys whose file or name contains it.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { OUT } from "./sound.mjs";
import { busyDay, openBrowser } from "./world.mjs";

const browser = await openBrowser();
const world = await busyDay();
const journeys = [];
for (const file of readdirSync(new URL("journeys/", import.meta.url)).sort()) {
  const { default: make } = await import(`./journeys/${file}`);
  for (const [name, play] of Object.entries(make(browser, world))) journeys.push({ file, name, play });
}

const failed = [];
for (const { file, name, play } of journeys) {
  if (process.argv[2] && !`${file} ${name}`.includes(process.argv[2])) continue;
  const started = Date.now();
  try {
    const page = await play();
    assert.deepEqual(await page.evaluate(() => window.violations), [], "content policy");
    console.log(`ok   ${name} (${Date.now() - started} ms)`);
  } catch (error) {
    failed.push(name);
    console.error(`FAIL ${name}\n${error.message ?? error}`);
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        await page.screenshot({ path: `${OUT}failed-${failed.length}.png` }).catch(() => undefined);
        console.error(page.problems.filter((text) => !text.includes("401")).slice(0, 3));
      }
    }
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
process.exit(failed.length ? 1 : 0);
