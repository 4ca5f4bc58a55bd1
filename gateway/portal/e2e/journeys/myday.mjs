// My day: tasks, calls and exams, for each role, on a desk and on a phone.
import assert from "node:assert/strict";
import { inBothThemes, sound } from "../sound.mjs";
import { open, person, signIn } from "../world.mjs";

const DAY = 86_400_000;
const dayIn = (zone, later = 0) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(Date.now() + later * DAY));

/** Everything that is touched on a phone is large enough, and nothing sticks out at the side. */
async function fitsThumbs(page, what) {
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, input, select")]
      .filter((one) => one.checkVisibility() && !one.closest('[class*="skip"]'))
      .filter((one) => getComputedStyle(one).display !== "inline") // links within a sentence (WCAG 2.5.8)
      .map((one) => [one.getAttribute("aria-label") ?? one.textContent, one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.height < 40 || box.width < 40))
      .map(([name, box]) => `${name}: ${Math.round(box.width)} × ${Math.round(box.height)}`),
  );
  assert.deepEqual(small, [], `${what}: too small for a thumb`);
  const wide = await page.evaluate(() => {
    const main = document.querySelector("main");
    return Math.max(document.documentElement.scrollWidth - window.innerWidth, main.scrollWidth - main.clientWidth);
  });
  assert.ok(wide <= 0, `${what}: ${wide} px too wide`);
}

export default (browser, world) => {
  const { desk, here } = world;
  /** A task of the coordinator that stands first: worth more than anything else. */
  const task = async (title) => {
    const tc = await person("tc@beacon.example");
    const body = {
      location_id: here.id,
      kind: "call",
      title,
      due_on: dayIn(here.time_zone),
      value: { amount_cents: 9_000_000_00, currency_code: "USD" },
    };
    const answer = await tc("POST", "/v1/tasks", body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.task;
  };

  const journeys = {
    async "a coordinator works the list of the day, puts one off, gives one away, and takes each back"() {
      const title = `Ask about the start ${Date.now() % 10_000}`;
      await task(title);
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      const row = page.getByRole("list", { name: "Tasks" }).getByRole("listitem").filter({ hasText: title });
      await row.waitFor();
      await page.getByRole("heading", { name: "Calls to make" }).waitFor();
      await inBothThemes(page, "my-day");

      await row.getByRole("button", { name: /^Done/ }).click();
      await page.getByText(`Done: ${title}`).waitFor();
      await row.waitFor({ state: "detached" });
      await page.keyboard.press("Control+z");
      await page.getByText(`Open again: ${title}`).waitFor();
      await row.waitFor();

      await row.getByRole("button", { name: /^Later/ }).click();
      await page.getByRole("menuitem", { name: "Next week" }).click();
      await row.waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Undo/ }).click();
      await row.waitFor();

      await row.getByRole("button", { name: /^Later/ }).click();
      await page.getByRole("menuitem", { name: "Pick a day" }).click();
      await page.getByRole("dialog").waitFor();
      await page.getByRole("menu").waitFor({ state: "detached" }); // it fades
      await sound(page, "a day is picked");
      await page.getByRole("dialog").getByRole("button", { name: "Later" }).click();
      await row.waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Undo/ }).click();
      await row.waitFor();

      await row.getByRole("button", { name: /^More for/ }).click();
      await page.getByRole("menuitem").first().click();
      await row.waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Undo/ }).click();
      await row.waitFor();
      return page;
    },

    async "a task is made and done without a mouse"() {
      const title = `Send the forms ${Date.now() % 10_000}`;
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      await page.keyboard.press("n");
      await page.getByLabel("What is to be done").fill(title);
      await inBothThemes(page, "new-task");
      await page.keyboard.press("Enter");
      await page.getByText(`Added: ${title}`).waitFor();
      const rows = page.getByRole("list", { name: "Tasks" }).getByRole("listitem");
      const more = page.getByRole("button", { name: /^Show \d+ more/ }).first();
      if (await more.isVisible()) await more.click();
      await rows.filter({ hasText: title }).waitFor();
      await page.keyboard.press("j");
      for (let n = 0; n < 60; n++) {
        if (await page.evaluate((text) => document.activeElement?.textContent?.includes(text), title)) break;
        await page.keyboard.press("j");
      }
      await page.keyboard.press("e");
      await rows.filter({ hasText: title }).waitFor({ state: "detached" });
      await page.getByText(`Done: ${title}`).waitFor();
      return page;
    },

    async "the desk calls, logs what came of it, takes it back, and confirms a visit"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example", "/my-day");
      const list = page.getByRole("list", { name: "Calls to make" });
      const call = list.getByRole("listitem").filter({ hasText: "To confirm" }).first();
      await call.waitFor();
      const name = (await call.locator("strong").first().textContent()).trim();
      const of = list.getByRole("listitem").filter({ hasText: name }).filter({ hasText: "To confirm" });
      await call.getByRole("button").first().click();
      await call.getByRole("link", { name: /^Dial/ }).waitFor();
      await call
        .getByText(/confirm/i)
        .first()
        .waitFor();
      await inBothThemes(page, "my-day-call");
      await call.getByLabel("Note").fill("Voice mail of the father");
      await call.getByRole("button", { name: "Left message" }).click();
      await page.getByText(`Left message: ${name}`).waitFor();
      await of.waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Undo/ }).click();
      await page.getByText(`${name} is on the list again`).waitFor();
      await of.waitFor();

      await of.getByRole("button").first().click();
      await of.getByRole("button", { name: "Confirmed" }).click();
      await page.getByText(`Confirmed: ${name}`).waitFor();
      await of.waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Undo/ }).click();
      await of.waitFor();

      await of.getByRole("button").first().click();
      await of.getByRole("button", { name: "Call back" }).click();
      await of.getByLabel("Call back on").fill(dayIn(here.time_zone, 3));
      await of.getByRole("button", { name: "Save" }).click();
      await of.waitFor({ state: "detached" });
      const calls = (await desk("GET", `/v1/phone-calls?location_id=${here.id}&first_day=2020-01-01`)).body.phone_calls;
      assert.equal(calls[0].outcome, "call_back");
      return page;
    },

    async "a change by somebody else arrives by itself"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByText("Live", { exact: true }).waitFor();
      const title = `Heard at once ${Date.now() % 10_000}`;
      await task(title);
      await page.getByText(title).waitFor();
      return page;
    },

    async "each role starts with its own day"() {
      for (const [who, first] of [
        ["desk", "Arrivals"],
        ["dr.rivera", "My chairs"],
        ["finance", "Calls to make"],
        ["insurance", "Claims due"],
      ]) {
        const page = await open(browser);
        await signIn(page, `${who}@beacon.example`, "/");
        await page.getByRole("heading", { name: first }).waitFor();
        assert.match(page.url(), /\/my-day/);
        await page.waitForTimeout(800);
        await inBothThemes(page, `my-day-${who}`);
        await page.context().close();
      }
      const page = await open(browser);
      await signIn(page, "regional@beacon.example", "/my-day");
      await page.getByRole("button", { name: /^Location/ }).click();
      await page.getByRole("menuitem", { name: "All locations" }).click();
      await page.getByRole("button", { name: "Location: All locations" }).waitFor();
      assert.match(page.url(), /loc=all/);
      return page;
    },

    async "my day fits a phone and its thumbs"() {
      let page;
      for (const [width, height] of [
        [390, 844],
        [360, 740],
      ]) {
        page = await open(browser, { viewport: { width, height }, hasTouch: true, isMobile: true });
        await signIn(page, "tc@beacon.example", "/my-day");
        await page.getByRole("list", { name: "Tasks" }).waitFor();
        const call = page.getByRole("list", { name: "Calls to make" }).getByRole("listitem").first();
        await call.waitFor();
        await fitsThumbs(page, `${width} px`);
        await inBothThemes(page, `my-day-${width}`);
        await call.getByRole("button").first().tap();
        await call.getByRole("link", { name: /^Dial/ }).waitFor();
        await call.scrollIntoViewIfNeeded();
        await fitsThumbs(page, `${width} px, calling`);
        await inBothThemes(page, `my-day-${width}-call`);
        if (width === 390) await page.context().close();
      }
      return page;
    },

    async "my day speaks Spanish"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Español" }).click();
      await page.getByRole("heading", { name: "Mi día" }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), "es-US");
      await page.getByRole("heading", { name: "Llamadas por hacer" }).waitFor();
      await page.waitForTimeout(600);
      await inBothThemes(page, "my-day-es");
      return page;
    },
  };
  return journeys;
};
