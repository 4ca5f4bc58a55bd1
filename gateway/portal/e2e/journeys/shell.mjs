// What stands around every screen: signing in, the command menu, the lock.
import assert from "node:assert/strict";
import { inBothThemes } from "../sound.mjs";
import { BASE, open, signIn } from "../world.mjs";

export default (browser) => {
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
  };
  return journeys;
};
