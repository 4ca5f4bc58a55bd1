// The pictures of the README, taken of a real platform: `make pictures`.
import { busyDay, open, openBrowser, signIn } from "./world.mjs";

const DOCS = new URL("../../../docs/", import.meta.url).pathname;
const browser = await openBrowser();
const world = await busyDay();

async function picture(name, email, path, ready) {
  const page = await open(browser);
  await signIn(page, email, path);
  await page.locator(ready).first().waitFor();
  await page.waitForTimeout(800); // until nothing moves any more
  await page.screenshot({ path: `${DOCS}${name}.png` });
  await page.context().close();
}

await picture("schedule", "desk@beacon.example", `/schedule?loc=${world.here.id}`, "[data-visit]");
await picture("pipeline", "tc@beacon.example", "/pipeline", "[data-card]");
await browser.close();
