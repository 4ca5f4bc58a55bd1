// The settings: hours that the schedule follows, slices, people and roles, the second factor, machines.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { inBothThemes } from "../sound.mjs";
import { BASE, open, PASSWORD, signIn } from "../world.mjs";

/** The code that an authenticator app shows (RFC 6238), `later` steps of 30 seconds from now. */
function totp(secret, later = 0) {
  const bits = [...secret.replace(/\s/g, "")].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one));
  const bytes = [];
  let held = 0;
  let count = 0;
  for (const five of bits) {
    held = (held << 5) | five;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((held >> count) & 255);
    }
  }
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Tries until it is so; what the gateway keeps of a session is half a minute old at most. */
async function eventually(what, told) {
  for (let tries = 0; tries < 45; tries++) {
    if (await what()) return;
    await new Promise((then) => setTimeout(then, 1_000));
  }
  assert.fail(told);
}

const PAGES = [
  "locations",
  "locations?tab=hours",
  "locations?tab=closures",
  "chairs",
  "providers",
  "types",
  "templates",
  "fees",
  "messages",
  "users",
  "clients",
  "audit",
  "security",
];

export default (browser, { owner }) => {
  let place; // not the one where the other journeys play
  const worcester = async () => {
    const { locations } = (await owner("GET", "/v1/locations")).body;
    place = locations.find((one) => one.name === "Beacon Worcester");
  };
  const office = async () => (await owner("GET", `/v1/locations/${place.id}/schedule`)).body.location_schedule;
  const saveOffice = async (hours) => {
    const { version, assistants } = await office();
    const saved = await owner("PUT", `/v1/locations/${place.id}/schedule`, { hours, assistants }, version);
    assert.equal(saved.status, 200, JSON.stringify(saved.body));
  };
  const mark = Date.now().toString(36).replace(/\d/g, "x").slice(-6);
  const colleague = `settings.${mark}@beacon.example`;
  let link = "";
  let secret = "";

  return {
    async "a manager changes the hours, keeps them against somebody else's, and the schedule shows it"() {
      await worcester();
      const before = (await office()).hours;
      const page = await open(browser);
      await signIn(page, "manager@beacon.example", `/settings/locations?loc=${place.id}&tab=hours`);
      const { weekday } = before[0];
      const name = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][weekday];
      for (const _ of before.filter((span) => span.weekday === weekday))
        await page.getByRole("button", { name: `Remove span 1 of ${name}` }).click();
      await page.getByText("Not saved yet.").waitFor();
      await page.getByRole("link", { name: "Chairs" }).click();
      await page.getByRole("button", { name: "Stay here" }).click();
      await saveOffice([
        ...before.filter((span) => span.weekday !== 7),
        { weekday: 7, opens_minute: 600, closes_minute: 660 },
      ]);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("Somebody else saved this meanwhile.").waitFor();
      await inBothThemes(page, "settings-newer");
      await page.getByRole("button", { name: "Keep my changes" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("Hours of Beacon Worcester are saved").waitFor();
      assert.ok(!(await office()).hours.some((span) => span.weekday === weekday));
      const day = new Date();
      day.setUTCDate(day.getUTCDate() + 7 * 45 + ((weekday - day.getUTCDay() + 7) % 7));
      await page.goto(`${BASE}/schedule?loc=${place.id}&date=${day.toISOString().slice(0, 10)}`);
      await page.getByRole("heading", { name: new RegExp(`^Closed on ${name}`) }).waitFor();
      await saveOffice(before);
      return page;
    },

    async "a visit is painted by pointer and by keyboard"() {
      const page = await open(browser);
      await signIn(page, "manager@beacon.example", "/settings/types?code=new");
      await page.getByLabel("Name", { exact: true }).fill(`Journey ${mark}`);
      const grid = page.getByRole("grid");
      const cell = (slice) => grid.locator(`[data-slice="${slice}"]`);
      await cell(0).focus();
      for (const key of ["c", "a", "Shift+D", "Shift+D", "Enter"]) await page.keyboard.press(key); // C A D D, and one more D
      await page.keyboard.press("End");
      await page.keyboard.press("a"); // CADDA
      assert.equal(await grid.locator("[data-slice]").count(), 5);
      const letters = () =>
        grid.locator("[data-slice]").evaluateAll((all) => all.map((one) => one.dataset.letter).join(""));
      assert.equal(await letters(), "CADDA");
      const box = await cell(0).boundingBox();
      const middle = (slice) => [box.x + box.width * (slice + 0.5), box.y + box.height / 2];
      await page.mouse.move(...[(await grid.locator("[data-handle]").boundingBox()).x + 5, middle(0)[1]]);
      await page.mouse.down();
      await page.mouse.move(...middle(7), { steps: 5 });
      await page.mouse.up();
      assert.equal(await letters(), "CADDAAAA");
      await page.getByRole("radio", { name: /Doctor's check/ }).click();
      await page.mouse.move(...middle(5));
      await page.mouse.down();
      await page.mouse.move(...middle(6), { steps: 4 });
      await page.mouse.up();
      assert.equal(await letters(), "CADDAddA");
      await page.getByText("The doctor is needed in two places for 10 min").waitFor();
      await inBothThemes(page, "settings-slices");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText(`Journey ${mark} is saved`).waitFor();
      const { appointment_types: types } = (await owner("GET", "/v1/appointment-types?include_inactive=true")).body;
      const made = types.find((one) => one.name === `Journey ${mark}`);
      assert.equal(made.pattern, "CADDAddA");
      await page.getByRole("checkbox", { name: /^Can be booked/ }).uncheck(); // no other journey shall book it
      await page.keyboard.press("Control+s");
      await page.getByText("Everything is saved.").waitFor();
      return page;
    },

    async "a template keeps a chair for starts, and days follow it"() {
      await worcester();
      const page = await open(browser);
      await signIn(page, "manager@beacon.example", `/settings/templates?loc=${place.id}&item=new`);
      await page.getByLabel("Name", { exact: true }).fill(`Bonding day ${mark}`);
      await page
        .getByRole("button", { name: /^Add a block in/ })
        .first()
        .click();
      const block = page.getByRole("button", { name: /^Start .*Chair/ });
      await block.focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Shift+ArrowDown");
      const column = await block.evaluate((one) => one.parentElement.getBoundingClientRect().toJSON());
      await page.getByRole("radio", { name: "Exam" }).check();
      await page.mouse.move(column.x + 40, column.y + 200);
      await page.mouse.down();
      await page.mouse.move(column.x + 40, column.y + 245, { steps: 4 });
      await page.mouse.up();
      await inBothThemes(page, "settings-template");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText(`Bonding day ${mark} is saved`).waitFor();
      const { day_templates } = (await owner("GET", `/v1/locations/${place.id}/day-templates`)).body;
      const made = day_templates.find((one) => one.name === `Bonding day ${mark}`);
      assert.equal(made.slots.length, 2);
      const start = made.slots.find((one) => one.visit_class === "start");
      assert.deepEqual([start.start_minute % 60, start.duration_minutes], [10, 70]);
      return page;
    },

    async "a colleague is invited with a link that works once"() {
      const page = await open(browser);
      await signIn(page, "owner@beacon.example", "/settings/users");
      await page.getByRole("button", { name: "Invite" }).click();
      await page.getByLabel("First name", { exact: true }).fill("Robin");
      await page.getByLabel("Last name", { exact: true }).fill(`Settings ${mark}`);
      await page.getByLabel("E-mail", { exact: true }).fill(colleague);
      await page.getByLabel("Role", { exact: true }).selectOption("front_desk");
      await page.getByLabel("Where", { exact: true }).selectOption({ label: "Beacon Worcester" });
      await page.getByRole("dialog").getByRole("button", { name: "Invite" }).click();
      link = await page.locator("[data-secret]").textContent();
      const welcome = await open(browser);
      await welcome.goto(link.replace(/^https?:\/\/[^/]+/, BASE));
      await welcome.getByLabel("New password", { exact: true }).fill(PASSWORD);
      await inBothThemes(welcome, "welcome");
      await welcome.getByRole("button", { name: "Set password" }).click();
      await welcome.getByRole("link", { name: "Sign in" }).click();
      await signIn(welcome, colleague);
      await welcome.getByRole("navigation", { name: "Main" }).waitFor();
      assert.equal(await welcome.getByRole("link", { name: "Settings" }).count(), 0);
      return page;
    },

    async "the second factor is set up; a code opens, a recovery code opens once"() {
      const page = await open(browser);
      await signIn(page, colleague, "/settings/security");
      await page.getByLabel("Your password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Set up" }).click();
      await page.getByRole("img", { name: /QR code/ }).waitFor();
      await inBothThemes(page, "settings-totp");
      secret = await page.locator("[data-secret]").textContent();
      await page.getByLabel("Code", { exact: true }).fill(totp(secret));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator("[data-codes]").waitFor();
      const codes = await page.locator("[data-codes] code").allInnerTexts();
      assert.equal(codes.length, 10);
      await inBothThemes(page, "settings-recovery");
      const enter = async (code) => {
        const other = await open(browser);
        await other.goto(BASE);
        await other.getByLabel("E-mail", { exact: true }).fill(colleague);
        await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
        await other.getByRole("button", { name: "Sign in" }).click();
        await other.getByLabel("Code", { exact: true }).fill(code);
        await other.getByRole("button", { name: "Sign in" }).click();
        return other;
      };
      const inside = (other) => other.getByRole("navigation", { name: "Main" }).waitFor();
      await inside(await enter(totp(secret, 1))); // the code of now was spent on confirming
      await inside(await enter(codes[0]));
      const again = await enter(codes[0]);
      await again.getByRole("alert").waitFor();
      return page;
    },

    async "a role is given, and the other session gets it; then access ends"() {
      const theirs = await open(browser);
      await theirs.goto(BASE);
      const found = (await owner("GET", "/v1/staff?page_size=200")).body.staff.find((one) => one.email === colleague);
      await owner("POST", `/v1/staff/${found.id}/reset-totp`, {});
      await signIn(theirs, colleague);
      const page = await open(browser);
      await signIn(page, "owner@beacon.example", `/settings/users?q=${mark}`);
      await page.getByRole("button", { name: `Robin Settings ${mark}` }).click();
      await page.getByRole("button", { name: "Add a role" }).click();
      await page.getByLabel("Role", { exact: true }).selectOption("practice_manager");
      await page.getByLabel("Where", { exact: true }).selectOption({ label: "Beacon Worcester" });
      const until = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
      await page.getByLabel("Until", { exact: true }).fill(until);
      await page.getByRole("button", { name: "Give the role" }).click();
      await page.getByText(/is Practice manager now/).waitFor();
      await inBothThemes(page, "settings-person");
      await eventually(async () => {
        await theirs.reload();
        await theirs.getByRole("navigation", { name: "Main" }).waitFor();
        return theirs.getByRole("link", { name: "Settings" }).count();
      }, "the role does not reach the other session");
      await page.getByRole("button", { name: "End access" }).click();
      await page.getByText("Every open session ends").waitFor();
      await page.getByRole("button", { name: "End access" }).last().click();
      await page.getByText(/has no access any more/).waitFor();
      await eventually(async () => {
        await theirs.reload();
        return theirs
          .getByLabel("E-mail", { exact: true })
          .waitFor({ timeout: 2_000 })
          .then(
            () => true,
            () => false,
          );
      }, "the session of somebody without access goes on");
      return page;
    },

    async "a machine gets a secret once, works, and is revoked"() {
      const page = await open(browser);
      await signIn(page, "owner@beacon.example", "/settings/clients");
      await page.getByRole("button", { name: "New client" }).click();
      await page.getByLabel("Name", { exact: true }).fill(`Bridge ${mark}`);
      await inBothThemes(page, "settings-client");
      await page.getByRole("button", { name: "Create client" }).click();
      await page.locator("[data-client-id]").waitFor();
      const client_id = await page.locator("[data-client-id]").textContent();
      const client_secret = await page.locator("[data-secret]").textContent();
      await page.getByRole("button", { name: "I have kept it" }).click();
      const ask = () =>
        fetch(`${BASE}/oauth/token`, {
          method: "POST",
          body: new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret }),
        });
      const { access_token } = await (await ask()).json();
      const get = async (path) =>
        (await fetch(`${BASE}${path}`, { headers: { authorization: `Bearer ${access_token}` } })).status;
      assert.equal(await get("/v1/locations"), 200);
      assert.equal(await get("/v1/patients"), 403); // not one of its powers
      await page.getByRole("button", { name: `Revoke Bridge ${mark}` }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await page.getByText(`Bridge ${mark} is revoked`).waitFor();
      await eventually(async () => (await get("/v1/locations")) === 401, "a revoked machine goes on");
      assert.equal((await ask()).status, 401);
      return page;
    },

    async "each role sees its own settings and no other"() {
      const desk = await open(browser);
      await signIn(desk, "desk@beacon.example");
      await desk.getByRole("link", { name: "Schedule" }).waitFor();
      assert.equal(await desk.getByRole("link", { name: "Settings" }).count(), 0);
      await desk.goto(`${BASE}/settings/users`);
      await desk.getByRole("heading", { name: "Your role may not see this" }).waitFor();
      await inBothThemes(desk, "settings-denied");
      const finance = await open(browser);
      await signIn(finance, "finance@beacon.example", "/settings");
      await finance.getByRole("heading", { name: "Fees", level: 1 }).waitFor();
      assert.equal(await finance.getByRole("link", { name: "People and roles" }).count(), 0);
      return desk;
    },

    async "every page of the settings is sound in both themes, also in Spanish"() {
      const page = await open(browser);
      await signIn(page, "owner@beacon.example");
      await page.getByRole("navigation", { name: "Main" }).waitFor();
      for (const path of PAGES) {
        await page.goto(`${BASE}/settings/${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForLoadState("networkidle");
        await inBothThemes(page, `settings-${path.replace(/\W+/g, "-")}`);
      }
      await page.evaluate(() => localStorage.setItem("archwire.language", "es"));
      await page.goto(`${BASE}/settings/providers`);
      await page.getByRole("heading", { name: "Doctores", level: 1 }).waitFor();
      await page.evaluate(() => localStorage.removeItem("archwire.language"));
      return page;
    },
  };
};
