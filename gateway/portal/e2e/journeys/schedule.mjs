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
    async "a patient is checked in, seated, seen by the doctor and checked out, and every step is taken back"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      const visit = (await day()).appointments.find((one) => /[dDT]/.test(one.pattern) && one.state === "booked");
      const panel = page.getByRole("complementary", { name: "Visit" });
      const now = async () => (await day()).appointments.find((one) => one.id === visit.id).state;
      await card(page, visit).click();
      let before = "booked";
      for (const [name, after] of [
        ["Confirm", "confirmed"],
        ["Check in", "arrived"],
        ["Seat", "seated"],
        ["Ready for doctor", "doctor_ready"],
        ["Doctor is here", "doctor_in"],
        ["Done", "done"],
        ["Check out", "checked_out"],
      ]) {
        const press = () => panel.getByRole("button", { name, exact: true }).click();
        await press();
        await state(page, visit, after);
        await page.getByRole("button", { name: /^Undo/ }).waitFor(); // for 8 seconds
        await page.keyboard.press("Control+z");
        await state(page, visit, before);
        await page.getByText("is back where it was").waitFor();
        assert.equal(await now(), before);
        await press();
        await state(page, visit, after);
        before = after;
        if (after === "arrived") await inBothThemes(page, "visit");
      }
      await panel.getByText("Nothing more to do").waitFor();
      assert.equal(await now(), "checked_out");
      // the way back stays open after the notice has gone, and the history says who did what
      await panel.getByRole("button", { name: "Take back: Checked out" }).click();
      await state(page, visit, "done");
      const history = panel.getByRole("region", { name: "History" }).getByRole("listitem");
      await history.filter({ hasText: "Taken back" }).first().waitFor();
      assert.equal(await history.count(), 22); // seven steps, each done, taken back and done again; the last taken back
      await inBothThemes(page, "visit-history");
      return page;
    },

    async "a no-show and a cancellation are taken back"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const visit = (await day()).appointments.filter((one) => one.state === "booked").at(-1);
      await card(page, visit).click();
      await page.getByRole("button", { name: "No-show", exact: true }).click();
      await state(page, visit, "no_show");
      await page.keyboard.press("Control+z");
      await state(page, visit, "booked");
      await page.getByRole("button", { name: "Cancel visit" }).click();
      await page.getByLabel("Illness").check();
      await inBothThemes(page, "cancel");
      await page.getByRole("button", { name: "Cancel the visit" }).click();
      await page.getByText("is canceled").waitFor();
      await card(page, visit).waitFor({ state: "detached" });
      await page.keyboard.press("Control+z");
      await state(page, visit, "booked");
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

    async "a doctor is double-booked on purpose: one confirm, in red for all, and back"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", `/schedule?loc=${world.here.id}`);
      await page.locator("[data-visit]").first().waitFor();
      const sheet = await day();
      const chairs = sheet.chairs.map((chair) => chair.id);
      const late = sheet.appointments.filter(
        (one) => minuteOf(one) >= 780 && ["booked", "confirmed"].includes(one.state),
      );
      const wholly = late.filter((one) => one.pattern.includes("D"));
      const other = wholly[0];
      const visit = late.find(
        (one) => one.id !== other.id && one.provider_id === other.provider_id && /[dDT]/.test(one.pattern),
      );
      const clash = minuteOf(other) + 5 * (other.pattern.indexOf("D") - visit.pattern.search(/[dDT]/));
      await drag(page, visit, await point(page, 3, clash), { drop: false });
      await page.locator('[data-tone="warned"]', { hasText: "needed in two places" }).first().waitFor();
      await page.screenshot({ path: `${OUT}drag-doctor-warning.png` });
      await page.mouse.up();
      await page.getByRole("dialog").getByText("needed in two places at").waitFor();
      await inBothThemes(page, "doctor-overlap");
      await page.getByRole("button", { name: "Book it anyway" }).click();
      await page.locator(`[data-chair="${chairs[3]}"] [data-visit="${visit.id}"][data-clash]`).waitFor();
      await page.getByText("Doctor double-booked").first().waitFor();
      await page.screenshot({ path: `${OUT}doctor-clash.png` });
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).doctor_overlap, true);
      await page.keyboard.press("Control+z");
      await page.getByText("is back where it was").waitFor();
      const back = (await day()).appointments.find((one) => one.id === visit.id);
      assert.deepEqual(
        [back.chair_id, back.start_time, back.doctor_overlap],
        [visit.chair_id, visit.start_time, false],
      );
      return page;
    },

    async "two people change one visit: the second is told who was faster, and sees it as it is"() {
      const [page, second] = [await open(browser), await open(browser)];
      const visit = (await day()).appointments.filter((one) => one.state === "booked").at(-2);
      await signIn(page, "desk@beacon.example");
      await signIn(second, "owner@beacon.example", `/schedule?loc=${world.here.id}&visit=${visit.id}`);
      await card(second, visit).waitFor();
      // what the first does is not heard by the second in time
      await second.route(
        "**/screens/days/**",
        (route) => new Promise((go) => setTimeout(() => go(route.continue()), 2_500)),
      );
      await card(page, visit).click();
      await page.getByRole("button", { name: "Confirm", exact: true }).click();
      await state(page, visit, "confirmed");
      await second.getByRole("button", { name: "No-show", exact: true }).click();
      await second.getByText(/changed it a moment ago\. You see it as it is now\./).waitFor();
      await second.screenshot({ path: `${OUT}somebody-was-faster.png` });
      await state(second, visit, "confirmed");
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).state, "confirmed");
      await second.context().close();
      return page;
    },

    async "whoever has no next visit is brought into the day by mouse, by keys and by clicks"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const needs = page.getByRole("region", { name: "Needs a visit" }).getByRole("listitem");
      await needs.first().waitFor();
      const known = new Set((await day()).appointments.map((one) => one.id));
      const booked = async () => {
        await page.getByText(/ booked: Chair/).waitFor();
        return (await day()).appointments.find((one) => !known.has(one.id));
      };
      const back = async (visit) => {
        await page.getByRole("button", { name: /^Undo/ }).click();
        await card(page, visit).waitFor({ state: "detached" });
        await page.getByText("is not booked any more").waitFor();
      };
      // by mouse
      const from = await needs.first().boundingBox();
      const to = await point(page, 3, 960);
      await page.mouse.move(from.x + 40, from.y + 12);
      await page.mouse.down();
      await page.mouse.move(to.x + 60, to.y, { steps: 4 });
      await page.mouse.move(to.x, to.y, { steps: 4 });
      await page.locator('[data-tone="free"]').first().waitFor();
      await page.screenshot({ path: `${OUT}needs-a-visit.png` });
      await page.mouse.up();
      await back(await booked());
      // by keys
      await needs
        .first()
        .getByRole("button", { name: /^Place a visit/ })
        .focus();
      await page.keyboard.press("m");
      await page.getByText("arrow keys, then Enter").waitFor();
      await page.keyboard.press("Enter");
      await back(await booked());
      // by clicks
      await needs
        .first()
        .getByRole("button", { name: /^Place a visit/ })
        .click();
      const target = await point(page, 3, 900);
      await page.mouse.move(target.x, target.y);
      await page.locator('[data-tone="free"]').first().waitFor();
      await page.mouse.click(target.x, target.y);
      await back(await booked());
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

    async "a new visit is found and booked, and canceled"() {
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

    async "a small screen, and a server that fails, is slow, and is back"() {
      const page = await open(browser, { viewport: { width: 1024, height: 768 } });
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await inBothThemes(page, "schedule-1024");
      // a day that cannot be loaded says so, and comes when the server is back
      await page.route("**/screens/days/**", (route) => route.fulfill({ status: 500, body: "{}" }));
      await page.keyboard.press("]");
      await page.getByRole("button", { name: "Try again" }).waitFor({ timeout: 15_000 });
      await sound(page, "failed");
      await page.unroute("**/screens/days/**");
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator("[data-chair]").first().waitFor();
      // slow: the shape of the day first, then the day
      await page.route(
        "**/screens/days/**",
        (route) => new Promise((go) => setTimeout(() => go(route.continue()), 3_000)),
      );
      await page.keyboard.press("]");
      await page.getByRole("status", { name: "Loading the day" }).waitFor();
      await page.getByRole("status", { name: "Loading the day" }).waitFor({ state: "detached", timeout: 15_000 });
      await page.unroute("**/screens/days/**");
      // a change that the server refuses, or never hears of, is gone from the screen
      await page.keyboard.press("t");
      await page.locator("[data-visit]").first().waitFor();
      const visit = (await day()).appointments.filter((one) => one.state === "booked").at(-1);
      await card(page, visit).click();
      for (const answer of [(route) => route.fulfill({ status: 500, body: "{}" }), (route) => route.abort()]) {
        await page.route("**/confirm", answer);
        await page.getByRole("button", { name: "Confirm", exact: true }).click();
        await page.getByText("Nothing was changed.").first().waitFor();
        await state(page, visit, "booked");
        await page.getByRole("button", { name: "Close" }).click();
        await page.unroute("**/confirm");
      }
      assert.equal((await day()).appointments.find((one) => one.id === visit.id).state, "booked");
      return page;
    },

    async "the stream breaks and comes back, and nothing was missed"() {
      const page = await open(browser);
      await page.route("**/v1/events*", (route) => route.abort());
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await page.locator('[data-state="broken"]').waitFor();
      const visit = (await day()).appointments.filter((one) => one.state === "booked").at(-1);
      const path = `/v1/appointments/${visit.id}`;
      assert.equal((await world.desk("POST", `${path}/confirm`, {}, visit.version)).status, 200);
      await page.unroute("**/v1/events*");
      await state(page, visit, "confirmed");
      await page.locator('[role="status"][data-state="live"]').waitFor();
      return page;
    },

    async "the whole day is on the screen without scrolling"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const frame = page.getByRole("region", { name: /^Visits on/ });
      const [shown, all] = await frame.evaluate((one) => [
        [one.clientHeight, one.clientWidth],
        [one.scrollHeight, one.scrollWidth],
      ]);
      assert.deepEqual(all, shown);
      assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight), "page scrolls");
      await page.getByRole("button", { name: "5 min", exact: true }).click();
      await inBothThemes(page, "schedule-5-minutes");
      await page.getByRole("button", { name: "10 min", exact: true }).click();
      return page;
    },
  };
  return journeys;
};
