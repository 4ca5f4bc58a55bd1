// The pictures of the README, taken of a real platform: `make pictures`. The schedule is shown in the middle of a move
// that would need a doctor in two places.
import { busyDay, open, openBrowser, signIn } from "./world.mjs";

const DOCS = new URL("../../../docs/", import.meta.url).pathname;
const browser = await openBrowser();
const world = await busyDay();

async function picture(name, email, path, ready, show = async () => {}) {
  const page = await open(browser);
  await signIn(page, email, path);
  await page.locator(ready).first().waitFor();
  await page.waitForTimeout(800); // until nothing moves any more
  await show(page);
  await page.screenshot({ path: `${DOCS}${name}.png` });
  await page.context().close();
}

/** Drags the visits that a doctor has to see along the chairs, until one of the places says that it clashes. */
async function clash(page) {
  const { appointments } = (await world.desk("GET", `/v1/locations/${world.here.id}/day-sheet?day=${world.day}`)).body;
  const columns = await page.locator("[data-chair]").all();
  const free = await columns[columns.length - 1].boundingBox();
  for (const visit of appointments.filter((one) => one.pattern.includes("D") && one.state === "booked")) {
    const from = await page.locator(`[data-visit="${visit.id}"]`).boundingBox();
    if (!from) continue;
    await page.mouse.move(from.x + 30, from.y + 4);
    await page.mouse.down();
    for (let step = 0; step < 40; step++) {
      await page.mouse.move(free.x + free.width / 2, free.y + free.height * (0.55 + step / 100));
      await page.waitForTimeout(30);
      if (
        await page
          .getByText(/needed in two places/)
          .first()
          .isVisible()
      )
        return;
    }
    await page.keyboard.press("Escape");
    await page.mouse.up();
  }
}

await picture("schedule", "desk@beacon.example", `/schedule?loc=${world.here.id}`, "[data-visit]", clash);
await picture("pipeline", "tc@beacon.example", "/pipeline", "[data-card]");
await browser.close();
