// The day schedule: the desk at work.
import assert from "node:assert/strict";
import { inBothThemes, OUT, sound } from "../sound.mjs";
import { open, signIn } from "../world.mjs";

export default (browser, world) => {
  const day = async () => (await world.desk("GET", `/v1/locations/${world.here.id}/day-sheet?day=${world.day}`)).body;
  const card = (page, visit) => page.locator(`[data-visit="${visit.id}"]`);
  const state = (page, visit, wanted) => page.locator(`[data-visit="${visit.id}"][data-state="${wanted}"]`).waitFor();
  const minuteOf = (visit) => Number(visit.local_start.slice(11, 13)) * 60 + Number(visit.local_start.slice(14, 16));

  /** The middle of a place of the grid, and where a visit has to be held. */
  async function point(page, chairIndex, minute) {
    const box = await page.locator("[data-chair]").nth(chairIndex).boundingBox();
    const heights = box.height / 540;
    return { x: box.x + box.width / 2, y: box.y + (minute - 480) * heights + 3 };
  }
  async function drag(page, visit, to, { drop = true } = {}) {
    const from = await card(page, visit).boundingBox();
    await page.mouse.move(from.x + 30, from.y + 3);
    await page.mouse.down();
    await page.mouse.move(from.x + 40, from.y + 14, { steps: 3 });
    await page.mouse.move(to.x, to.y, { steps: 8 });
    await page.waitForTimeout(120);
    if (drop) await page.mouse.up();
  }

  const journeys = {
    async "a patient is checked in, seated, seen by the doctor and checked out"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      const visit = (await day()).appointments.find((one) => /[dDT]/.test(one.pattern) && one.state === "booked");
      await card(page, visit).click();
      for (const [name, after] of [
        ["Check in", "arrived"],
        ["Seat", "seated"],
        ["Ready for doctor", "doctor_ready"],
        ["Doctor is here", "doctor_in"],
        ["Done", "done"],
        ["Check out", "checked_out"],
      ]) {
        await page.getByRole("complementary").getByRole("button", { name, exact: true }).click();
        await state(page, visit, after);
        if (after === "arrived") await inBothThemes(page, "visit");
      }
      await page.getByText("Nothing more to do").waitFor();
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).state, "checked_out");
      return page;
    },

    async "a move that clashes is refused with its reason, one that fits can be taken back"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const sheet = await day();
      const afternoon = sheet.appointments.filter(
        (one) => minuteOf(one) >= 780 && ["booked", "confirmed"].includes(one.state),
      );
      const chairs = sheet.chairs.map((chair) => chair.id);
      const visit = afternoon.find((one) => one.chair_id === chairs[0] && /[dDT]/.test(one.pattern));
      // the doctor is wholly taken when another visit's D would meet this one's
      const other = afternoon.find(
        (one) => one.chair_id !== chairs[0] && one.pattern.includes("D") && one.provider_id === visit.provider_id,
      );
      const clash = minuteOf(other) + 5 * (other.pattern.indexOf("D") - visit.pattern.search(/[dDT]/));
      await drag(page, visit, await point(page, 3, clash), { drop: false });
      const tip = page.locator('[role="status"]', { hasText: "needed in two places" });
      await tip.waitFor();
      await page.screenshot({ path: `${OUT}drag-doctor-clash.png` });
      await page.mouse.up();
      await page.getByText("was not moved").waitFor();
      const same = (await day()).appointments.find((one) => one.id === visit.id);
      assert.deepEqual([same.chair_id, same.start_time], [visit.chair_id, visit.start_time]);

      const neighbour = afternoon.find((one) => one.chair_id === chairs[1]);
      await drag(page, visit, await point(page, 1, minuteOf(neighbour)), { drop: false });
      await page.locator('[role="status"]', { hasText: "Overlaps" }).waitFor();
      await page.screenshot({ path: `${OUT}drag-overlap.png` });
      await page.keyboard.press("Escape");
      await page.mouse.up();

      await drag(page, visit, await point(page, 3, minuteOf(visit)));
      await page.getByText("→ Chair 4").waitFor();
      await page.locator(`[data-chair="${chairs[3]}"] [data-visit="${visit.id}"]`).waitFor();
      await page.getByRole("button", { name: /^Undo/ }).waitFor();
      await page.screenshot({ path: `${OUT}moved.png` }); // no more: the way back stays for 8 seconds
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).chair_id, chairs[3]);
      await page.keyboard.press("Control+z");
      await page.getByText("is back where it was").waitFor();
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).chair_id, chairs[0]);
      return page;
    },

    async "a visit is moved by the keyboard alone"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const sheet = await day();
      const last = sheet.appointments
        .filter((one) => one.chair_id === sheet.chairs[2].id && one.state === "booked")
        .at(-1);
      await card(page, last).focus();
      await page.keyboard.press("m");
      await page.getByText("arrow keys, then Enter").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await page.locator(`[data-chair="${sheet.chairs[3].id}"] [data-visit="${last.id}"]`).waitFor();
      await page.getByText("→ Chair 4").waitFor();
      await page.keyboard.press("Control+z");
      await page.locator(`[data-chair="${sheet.chairs[2].id}"] [data-visit="${last.id}"]`).waitFor();
      return page;
    },

    async "what one desk does, another sees within a second"() {
      const [page, second] = [await open(browser), await open(browser)];
      await signIn(page, "desk@beacon.example");
      await signIn(second, "owner@beacon.example", `/schedule?loc=${world.here.id}`);
      await second.locator('[data-state="live"]').waitFor();
      const visit = (await day()).appointments.find((one) => one.state === "booked");
      await card(second, visit).waitFor();
      await card(page, visit).click();
      await page.getByRole("button", { name: "Confirm", exact: true }).click();
      await state(page, visit, "confirmed");
      const started = Date.now();
      await state(second, visit, "confirmed");
      console.log(`    seen after ${Date.now() - started} ms`);
      await second.context().close();
      return page;
    },

    async "a new visit is found and booked, and canceled with a reason"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await page.keyboard.press("n");
      await page.getByLabel("Patient", { exact: true }).fill("ma");
      await page.locator('[role="dialog"] li button').first().click();
      const times = page.getByRole("region", { name: "First free times" }).getByRole("button");
      await times.first().waitFor();
      await inBothThemes(page, "new-visit");
      await times.first().click();
      await page.getByRole("button", { name: "Cancel visit" }).click();
      await page.getByLabel("Illness").check();
      await inBothThemes(page, "cancel");
      await page.getByRole("button", { name: "Cancel the visit" }).click();
      await page.getByText("is canceled").waitFor();
      return page;
    },

    async "whoever may only look finds no way to change anything"() {
      const page = await open(browser);
      await signIn(page, "insurance@beacon.example", `/schedule?loc=${world.here.id}`);
      await page.locator("[data-visit]").first().click();
      await page.getByText("Your role may look").or(page.getByText("Nothing more to do")).waitFor();
      assert.equal(await page.getByRole("button", { name: "New visit" }).count(), 0);
      assert.equal(await page.getByRole("button", { name: "Check in" }).count(), 0);
      await sound(page, "read only");
      return page;
    },

    async "a small screen, and a server that does not answer"() {
      const page = await open(browser, { viewport: { width: 1024, height: 768 } });
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await inBothThemes(page, "schedule-1024");
      await page.route("**/day-sheet*", (route) => route.abort());
      await page.keyboard.press("]");
      await page.getByRole("button", { name: "Try again" }).waitFor({ timeout: 15_000 });
      await sound(page, "failed");
      await page.unroute("**/day-sheet*");
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator("[data-visit]").first().waitFor();
      return page;
    },
  };
  return journeys;
};
