// My day: the list of work.
import { inBothThemes } from "../sound.mjs";
import { open, signIn } from "../world.mjs";

export default (browser) => {
  const journeys = {
    async "a coordinator works the list of the day, and takes one back"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/my-day");
      await page.getByRole("button", { name: "Everybody's" }).click();
      const tasks = page.getByRole("list", { name: "Tasks" }).getByRole("listitem");
      await tasks.first().waitFor();
      await inBothThemes(page, "my-day");
      const before = await tasks.count();
      await tasks.first().getByRole("button", { name: "Done" }).click();
      await page.getByText(/^Done: /).waitFor();
      await page.keyboard.press("Control+z");
      await page.getByText(/^Open again: /).waitFor();
      await page.waitForFunction(
        (count) => document.querySelectorAll('[aria-label="Tasks"] > li').length === count,
        before,
      );
      return page;
    },
  };
  return journeys;
};
