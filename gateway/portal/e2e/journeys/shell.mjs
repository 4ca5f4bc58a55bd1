// What stands around every screen: signing in, the command menu, the lock.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { inBothThemes } from "../sound.mjs";
import { BASE, open, PASSWORD, person, signIn } from "../world.mjs";

/** The code of an authenticator app (RFC 6238) for a base32 secret, some 30-second steps from now. */
function totp(secret, later = 0) {
  const bits = [...secret].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0"));
  const key = Buffer.from(
    bits
      .join("")
      .match(/.{8}/g)
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Somebody new at the desk who has set up an authenticator app. */
async function withSecondFactor({ owner, here }) {
  const email = `code.${Date.now()}@beacon.example`;
  const somebody = { first_name: "Casey", last_name: "Code", email, initial_password: PASSWORD };
  const made = await owner("POST", "/v1/staff", {
    ...somebody,
    grants: [{ role: "front_desk", location_id: here.id }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const own = await person(email);
  const { secret } = (await own("POST", "/v1/session/totp", { password: PASSWORD })).body;
  const confirmed = await own("POST", "/v1/session/totp/confirm", { code: totp(secret) });
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  return { email, recovery: confirmed.body.recovery_codes[0], next: () => totp(secret, 1) };
}

async function newTask({ here }, title) {
  const tc = await person("tc@beacon.example");
  const body = { location_id: here.id, kind: "call", title, due_on: "2026-01-01" };
  const value = { amount_cents: 8_000_000_00, currency_code: "USD" };
  const answer = await tc("POST", "/v1/tasks", { ...body, value });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
}

/** At a sign-in page that is already open. */
async function signInAs(page, email) {
  if (!page.url().startsWith(BASE)) await page.goto(BASE);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export default (browser, world) => {
  const journeys = {
    async "somebody signs in, after a wrong password"() {
      const page = await open(browser);
      await page.goto(BASE);
      await page.getByLabel("E-mail").fill("desk@beacon.example");
      await page.getByLabel("Password", { exact: true }).fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      await inBothThemes(page, "sign-in");
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      assert.match(page.url(), /\/schedule/);
      await inBothThemes(page, "schedule");
      return page;
    },

    async "the command menu finds a patient and goes to the next visit"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("al");
      await page.getByRole("option", { name: /Chart/ }).first().waitFor();
      await inBothThemes(page, "commands");
      await page.keyboard.press("Escape");
      return page;
    },

    async "a session that ended is opened again where one was"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.locator("[data-visit]").first().waitFor();
      await page.context().clearCookies();
      await page.keyboard.press("]");
      await page.getByRole("heading", { name: "Locked" }).waitFor();
      await page.waitForTimeout(200);
      await inBothThemes(page, "locked");
      await page.getByLabel("Password", { exact: true }).fill("archwire-demo-2026");
      await page.getByRole("button", { name: "Unlock" }).click();
      await page.getByRole("heading", { name: "Locked" }).waitFor({ state: "detached" });
      assert.match(page.url(), /date=/);
      return page;
    },
    async "a code of the app, and a recovery code in its place, open the door"() {
      const { email, recovery, next } = await withSecondFactor(world);
      const page = await open(browser);
      await signInAs(page, email);
      await page.getByRole("heading", { name: "Enter your code" }).waitFor();
      await inBothThemes(page, "sign-in-code");
      await page.getByLabel("Code", { exact: true }).fill("000000");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").waitFor();
      await page.getByLabel("Code", { exact: true }).fill(next());
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("navigation").first().waitFor();

      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await signInAs(page, email);
      await page.getByLabel("Code", { exact: true }).fill(recovery);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("navigation").first().waitFor();
      return page;
    },

    async "ten idle minutes lock the screen; the same person goes on where she was"() {
      const page = await open(browser);
      await page.clock.install();
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      await page.clock.fastForward("09:00");
      await page.keyboard.press("Shift"); // somebody is there
      await page.clock.fastForward("09:00");
      assert.equal(await page.getByRole("heading", { name: "Locked" }).count(), 0);
      await page.clock.fastForward("01:30");
      await page.getByRole("heading", { name: "Locked" }).waitFor();
      assert.equal(await page.getByRole("heading", { name: "Tasks" }).count(), 0, "out of reach");
      const seen = await page
        .locator("main#content")
        .evaluate((main) => main.checkVisibility({ visibilityProperty: true }));
      assert.equal(seen, false, "out of sight");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Unlock" }).click();
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      assert.match(page.url(), /my-day/);
      return page;
    },

    async "a lock holds in every tab and after a new page, and somebody else finds nothing of the first"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("list", { name: "Tasks" }).waitFor();
      const task = await page.getByRole("list", { name: "Tasks" }).getByRole("listitem").first().textContent();
      const second = await page.context().newPage();
      second.problems = [];
      await second.goto(`${BASE}/schedule`);
      await second.getByRole("navigation").first().waitFor();
      await page.bringToFront();
      await page.keyboard.press("Control+Shift+L");
      await page.getByRole("heading", { name: "Locked" }).waitFor();
      await second.getByRole("heading", { name: "Locked" }).waitFor();
      await second.reload();
      await second.getByRole("heading", { name: "Sign in" }).waitFor();

      // the same person unlocks one tab: the other one that was locked goes on too
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Unlock" }).click();
      await page.getByRole("heading", { name: "Tasks" }).waitFor();

      await page.keyboard.press("Control+Shift+L");
      await page.getByRole("button", { name: "Sign in as somebody else" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      assert.ok(!(await page.content()).includes(task), "nothing of the first person is left in the page");
      await signInAs(page, "desk@beacon.example");
      await page.getByRole("heading", { name: "Arrivals" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Account of/ }).count(), 1);
      await page.getByRole("button", { name: /^Account of/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      return page;
    },

    async "the keys of a screen are shown, work, and can be switched off"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
      await page.getByText("Task done").waitFor();
      await inBothThemes(page, "keys");
      await page.getByLabel(/Shortcuts of a single key/).uncheck();
      await page.keyboard.press("Escape");
      await page.keyboard.press("g");
      await page.keyboard.press("s");
      await page.keyboard.press("/");
      await page.waitForTimeout(300);
      assert.match(page.url(), /my-day/);
      assert.equal(await page.getByRole("combobox").count(), 0);
      await page.reload();
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      await page.keyboard.press("?");
      await page.waitForTimeout(300);
      assert.equal(await page.getByRole("dialog").count(), 0, "kept in this browser");
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: /Keyboard shortcuts/ }).click();
      await page.getByLabel(/Shortcuts of a single key/).check();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.keyboard.press("g");
      await page.keyboard.press("s");
      await page.waitForURL(/schedule/);
      await page.keyboard.press("/");
      await page.getByRole("combobox").waitFor();
      return page;
    },

    async "the server goes away and comes back, and nothing is lost"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      const list = page.getByRole("list", { name: "Tasks" });
      await list.waitFor();
      const rows = await list.getByRole("listitem").count();
      await page.route(/\/(v1|health)\//, (route) => route.abort());
      await list.getByRole("button", { name: /^Done/ }).first().click();
      await page
        .getByText(/The server does not answer/)
        .first()
        .waitFor();
      await page.getByText("The server did not answer. Nothing was changed.").waitFor();
      await page.waitForFunction(
        (count) => document.querySelectorAll('[aria-label="Tasks"] > li').length === count,
        rows,
      ); // the one that was not done is back
      assert.equal(await page.getByText("Patient of another location").count(), 0, "names are kept");
      await inBothThemes(page, "server-away");
      await page.unroute(/\/(v1|health)\//);
      await page.getByText(/The server does not answer/).waitFor({ state: "detached" });
      await page.waitForFunction(
        (count) => document.querySelectorAll('[aria-label="Tasks"] > li').length === count,
        rows,
      );
      await page.context().setOffline(true);
      await page.getByText(/^No connection/).waitFor();
      await page.context().setOffline(false);
      await page.getByText(/^No connection/).waitFor({ state: "detached" });
      return page;
    },

    async "a new version says so and loads when asked"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      await page.route(/assets\/page-.*\.js/, (route) => route.fulfill({ status: 404 }));
      await page.evaluate(() => {
        window.dispatchEvent(new Event("vite:preloadError", { cancelable: true }));
        window.before = true;
      });
      await page.getByText("There is a new version of the portal.").waitFor();
      await page.unroute(/assets\/page-.*\.js/);
      await page.getByRole("button", { name: "Reload" }).click();
      await page.waitForFunction(() => window.before === undefined);
      await page.getByRole("heading", { name: "Tasks" }).waitFor();
      return page;
    },

    async "all tabs of a browser share one stream, and another takes over when its tab closes"() {
      const page = await open(browser);
      const context = page.context();
      let streams = 0;
      context.on("request", (request) => {
        if (request.url().includes("/v1/events")) streams++;
      });
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByText("Live", { exact: true }).waitFor();
      const second = await context.newPage();
      second.problems = [];
      await second.goto(`${BASE}/my-day`);
      await second.getByText("Live", { exact: true }).waitFor();
      assert.equal(streams, 1);
      const heard = `Heard in both ${Date.now() % 10_000}`;
      await newTask(world, heard);
      await page.getByText(heard).waitFor();
      await second.getByText(heard).waitFor();
      await page.close();
      await second.waitForTimeout(1500);
      assert.equal(streams, 2);
      const after = `Heard by the other ${Date.now() % 10_000}`;
      await newTask(world, after);
      await second.getByText(after).waitFor();
      await second.evaluate(() => (window.violations ??= []));
      return second;
    },

    async "the menu speaks Spanish before anybody has signed in"() {
      const page = await open(browser);
      await page.goto(BASE);
      await page.getByRole("button", { name: "Español" }).click();
      await page.getByRole("heading", { name: "Iniciar sesión" }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), "es-US");
      await inBothThemes(page, "sign-in-es");
      return page;
    },
  };
  return journeys;
};
