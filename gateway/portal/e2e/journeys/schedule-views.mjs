// The schedule's other views: the week, the list, the paper; and what each role sees of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { inBothThemes, OUT, sound } from "../sound.mjs";
import { BASE, open, PASSWORD, signIn } from "../world.mjs";

const ROLES = {
  front_desk: { book: true, run: true, cancel: true },
  treatment_coordinator: { book: true, run: true, cancel: true },
  clinical_assistant: { book: true, run: true },
  practice_manager: { book: true, run: true, cancel: true },
  owner: { book: true, run: true, cancel: true },
  orthodontist: { run: true },
  records_technician: { run: true },
  financial_coordinator: {},
  insurance_coordinator: {},
  regional_manager: {},
  privacy_officer: undefined,
  it_admin: undefined,
};

export default (browser, world) => {
  const day = async () => (await world.desk("GET", `/v1/locations/${world.here.id}/day-sheet?day=${world.day}`)).body;

  const journeys = {
    async "a week at a glance, and from there into a day"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await page.keyboard.press("w");
      const days = page.getByRole("region", { name: "Days of the week" }).getByRole("button");
      await page
        .getByText(/\d+ visits/)
        .first()
        .waitFor();
      assert.equal(await days.count(), 7);
      const visits = (await day()).appointments.filter((one) => one.state !== "no_show").length;
      await page.locator(`[data-day="${world.day}"]`, { hasText: `${visits} visits` }).waitFor();
      await inBothThemes(page, "week");
      await page.locator(`[data-day="${world.day}"]`).focus();
      await page.keyboard.press("Enter");
      await page.locator("[data-chair] [data-visit]").first().waitFor();
      await page.setViewportSize({ width: 1024, height: 768 });
      await page.keyboard.press("w");
      await page
        .getByText(/\d+ visits/)
        .first()
        .waitFor();
      await sound(page, "week, 1024");
      return page;
    },

    async "the list is filtered, sorted, walked by keys and exported"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example", "/schedule?view=list");
      const rows = page.locator("tbody tr");
      await rows.first().waitFor();
      const all = (await day()).appointments.length;
      assert.equal(await rows.count(), all);
      await inBothThemes(page, "list");
      await page.getByRole("button", { name: /^Patient/ }).click();
      const names = await page.locator("tbody [data-column=patient]").allInnerTexts();
      assert.deepEqual(
        names,
        [...names].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })),
      );
      const chair = page.getByLabel("Chair", { exact: true });
      await chair.selectOption({ label: "Chair 2" });
      const some = await rows.count();
      assert.ok(some > 0 && some < all);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Export CSV" }).click(),
      ]);
      const lines = readFileSync(await download.path(), "utf8")
        .trim()
        .split("\r\n");
      assert.equal(lines.length, some + 1);
      assert.match(lines[0], /^\ufeff?Time,Min,Patient,/);
      await page.getByLabel("Find in the list").fill("no such patient");
      await page.getByRole("button", { name: "Clear filters" }).click();
      assert.equal(await rows.count(), all);
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.locator('[data-chair] [data-visit][aria-pressed="true"]').waitFor();
      return page;
    },

    async "the day on paper has every visit"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      const path = `${OUT}day-sheet.pdf`;
      await page.pdf({ path, format: "Letter", printBackground: true });
      if (!existsSync("/usr/bin/pdftotext")) return page; // the paper is kept for a person to read
      const text = execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" });
      const sheet = await day();
      assert.match(text, /Beacon Back Bay/);
      for (const chair of sheet.chairs) assert.ok(text.includes(chair.name), chair.name);
      const rows = text.split("\n").filter((line) => /^\s*\d{1,2}:\d\d[ap]\s/.test(line));
      assert.equal(rows.length, sheet.appointments.length);
      assert.ok(!text.includes("Ctrl"), "the screen is not printed");
      return page;
    },

    async "in Spanish, and another location with one key"() {
      const page = await open(browser);
      await signIn(page, "owner@beacon.example", `/schedule?loc=${world.here.id}`);
      await page.locator("[data-visit]").first().waitFor();
      const { locations } = (await world.owner("GET", "/v1/locations")).body;
      await page.keyboard.press("2");
      await page.getByRole("button", { name: `Location: ${locations[1].name}` }).waitFor();
      await page.evaluate(() => localStorage.setItem("archwire.language", "es"));
      await page.goto(`${BASE}/schedule?loc=${world.here.id}`);
      await page.getByRole("button", { name: "Visita nueva" }).waitFor();
      await page.locator("[data-visit]").first().waitFor();
      await inBothThemes(page, "schedule-es");
      return page;
    },

    async "each role finds what the policy gives it, and nothing more"() {
      const made = await everyRole(world);
      for (const [role, may] of Object.entries(ROLES)) {
        const page = await open(browser);
        await signIn(page, made[role], `/schedule?loc=${world.here.id}`);
        if (!may) {
          await page
            .getByText(/You have no location yet|Your role may not see this/)
            .first()
            .waitFor();
          assert.equal(await page.locator("[data-visit]").count(), 0, role);
          await page.context().close();
          continue;
        }
        await page.locator("[data-chair] [data-visit]").first().waitFor();
        const visit = (await day()).appointments.filter((one) => one.state === "booked").at(-1);
        await page.locator(`[data-visit="${visit.id}"]`).click();
        const panel = page.getByRole("complementary", { name: "Visit" });
        await panel.getByRole("heading", { level: 2 }).first().waitFor();
        const has = async (name) => (await page.getByRole("button", { name, exact: true }).count()) > 0;
        const found = {
          book: (await has("New visit")) && (await has("Move…")) && (await has("Confirm")),
          run: await has("Check in"),
          cancel: (await has("Cancel visit")) && (await has("No-show")),
        };
        const expected = { book: false, run: false, cancel: false, ...may };
        assert.deepEqual(found, expected, role);
        if (!expected.book && !expected.run) await panel.getByText("Your role may look").waitFor();
        // and the server agrees: what the screen does not offer, it refuses
        for (const [right, action] of Object.entries({ book: "confirm", run: "check-in", cancel: "no-show" }))
          if (!expected[right]) assert.equal(await tried(page, visit, action), 403, `${role} ${action}`);
        await page.context().close();
      }
      const page = await open(browser);
      await signIn(page, "insurance@beacon.example", `/schedule?loc=${world.here.id}`);
      await page.locator("[data-visit]").first().click();
      await sound(page, "read only");
      return page;
    },
  };
  return journeys;
};

/** What the server says to somebody who tries all the same. */
const tried = (page, visit, action) =>
  page.evaluate(
    async ([path, version]) => {
      const { csrf_token } = await (await fetch("/v1/session")).json();
      const headers = { "x-csrf-token": csrf_token, "content-type": "application/json", "if-match": `"${version}"` };
      headers["idempotency-key"] = crypto.randomUUID();
      return (await fetch(path, { method: "POST", headers, body: "{}" })).status;
    },
    [`/v1/appointments/${visit.id}/${action}`, visit.version],
  );

/** Somebody for each role at the location; made once. */
async function everyRole(world) {
  const emails = {};
  const known = new Set((await world.owner("GET", "/v1/staff?page_size=200")).body.staff.map((one) => one.email));
  for (const role of Object.keys(ROLES)) {
    const email = `${role.replaceAll("_", ".")}.journeys@beacon.example`;
    emails[role] = email;
    if (known.has(email)) continue;
    const answer = await world.owner("POST", "/v1/staff", {
      first_name: "Journey",
      last_name: role
        .split("_")
        .map((word) => word[0].toUpperCase() + word.slice(1))
        .join(" "),
      email,
      initial_password: PASSWORD,
      grants: [{ role, location_id: world.here.id }],
    });
    if (answer.status !== 201) throw new Error(`${role}: ${JSON.stringify(answer.body)}`);
  }
  return emails;
}
