// The pipeline: a coordinator brings families from the first call to the presentation.
import assert from "node:assert/strict";
import { inBothThemes, OUT, sound } from "../sound.mjs";
import { dayIn, open, person, signIn } from "../world.mjs";

export default (browser, world) => {
  const unique = () => String(Date.now() % 10_000_000).padStart(7, "0");
  const tag = () => unique().replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
  const column = (page, stage) => page.locator(`[data-stage="${stage}"]`);
  const card = (page, id) => page.locator(`[data-card="${id}"]`);
  const inColumn = (page, stage, id) => page.locator(`[data-stage="${stage}"] [data-card="${id}"]`).waitFor();
  const ask = async (who, method, path, body, version) => {
    const answer = await who(method, path, body, version);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  let people;
  const staff = async () => {
    people ??= { tc: await person("tc@beacon.example"), doctor: await person("dr.rivera@beacon.example") };
    return people;
  };

  /** A family with a case, as the API makes one; `upTo` recommended or presented. */
  async function family(upTo) {
    const { tc, doctor } = await staff();
    const last = `Journey${tag()}`;
    const contact = {
      first_name: "Rosa",
      last_name: last,
      phone: `617${unique()}`,
      email: `rosa.${tag()}@family.example`,
    };
    const { lead } = await ask(tc, "POST", "/v1/leads", { location_id: world.here.id, contact, source: "web" });
    const relationship = { kind: "parent", may_consent: true, clinical_access: true, financial: true };
    const parties = [{ first_name: "Rosa", last_name: last, email: contact.email, relationship }];
    const patient = { first_name: "Nico", last_name: last, birth_date: "2013-04-05", parties };
    const made = await ask(tc, "POST", `/v1/leads/${lead.id}/register`, patient, lead.version);
    const path = `/v1/cases/${made.case.id}`;
    const now = async () => (await ask(tc, "GET", path)).case;
    const { slots } = await ask(
      tc,
      "GET",
      `/v1/slots?appointment_type_id=${world.type.get("exam").id}&location_ids=${world.here.id}&first_day=${world.day}&limit=1`,
    );
    const [slot] = slots;
    await ask(tc, "POST", "/v1/appointments", {
      location_id: slot.location_id,
      patient_id: made.case.patient_id,
      case_id: made.case.id,
      appointment_type_id: world.type.get("exam").id,
      start_time: slot.start_time,
      chair_id: slot.chair_id,
      ...(slot.provider_id ? { provider_id: slot.provider_id } : {}),
    });
    for (let n = 0; n < 100 && (await now()).state !== "exam_scheduled"; n++)
      await new Promise((r) => setTimeout(r, 100));
    const outcome = { outcome: "recommended", phase: "comprehensive_child", treatment_months: 22 };
    await ask(doctor, "POST", `${path}/recommend`, outcome, (await now()).version);
    if (upTo === "presented") {
      const option = { quote_id: crypto.randomUUID(), title: "Braces", consent_kind: "comprehensive" };
      await ask(tc, "POST", "/v1/presentations", { case_id: made.case.id, title: "Options", options: [option] });
      await ask(tc, "POST", `${path}/stage`, { stage: "presented" }, (await now()).version);
    }
    return { id: made.case.id, last, name: `Nico ${last}`, now };
  }

  async function drag(page, id, stage, { drop = true } = {}) {
    const from = await card(page, id).boundingBox();
    await page.mouse.move(from.x + 40, from.y + 60);
    await page.mouse.down();
    await page.mouse.move(from.x + 52, from.y + 70, { steps: 3 });
    const to = await column(page, stage).boundingBox();
    await page.mouse.move(to.x + to.width / 2, to.y + 120, { steps: 10 });
    await page.waitForTimeout(120);
    if (drop) await page.mouse.up();
  }
  const find = async (page, text) => {
    await page.getByLabel("Find a family").fill(text);
    await page.getByText(/cards? found/).waitFor({ state: "attached" });
  };

  return {
    async "a coordinator takes a call, registers the patient and books the exam"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/pipeline");
      await page.locator("[data-card]").first().waitFor();
      await inBothThemes(page, "pipeline");
      await page.keyboard.press("n");
      const dialog = page.getByRole("dialog");
      const [last, phone] = [`Lead${tag()}`, `(617) ${unique().slice(0, 3)}-${unique().slice(3)}`];
      await dialog.getByLabel("First name", { exact: true }).fill("Ana");
      await dialog.getByLabel("Last name").fill(last);
      await dialog.getByLabel("Patient's first name").fill("Lia");
      await dialog.getByLabel("Birth date").fill("2014-02-03");
      await dialog.getByLabel("Chief concern").fill("Crowding");
      await dialog.getByRole("button", { name: "Save and book the exam" }).click();
      await dialog.getByText("A phone number or an e-mail address is needed.").waitFor();
      await dialog.getByLabel("Phone", { exact: true }).fill(phone);
      await inBothThemes(page, "pipeline-new-lead");
      await dialog.getByRole("button", { name: "Save and book the exam" }).click();
      await dialog.getByRole("button", { name: "Register and find a time" }).click();
      const times = page.getByRole("region", { name: "First free times" }).getByRole("button");
      await times.first().waitFor();
      await times.first().click();
      await page.locator(`[data-stage="exam_booked"]`, { hasText: `Lia ${last}` }).waitFor({ timeout: 15_000 });

      // the same number again: the family is shown before anything is saved
      await page.keyboard.press("n");
      await dialog.getByLabel("Phone", { exact: true }).fill(phone.replace(/\D/g, ""));
      await dialog.getByText("Perhaps the same family").waitFor();
      return page;
    },

    async "from the exam to presented without leaving the pipeline"() {
      const { tc } = await staff();
      const page = await open(browser);
      const { id, name, last, now } = await family("recommended");
      await signIn(page, "tc@beacon.example", "/pipeline");
      await page.locator("[data-card]").first().waitFor();
      await find(page, last);
      await inColumn(page, "exam_kept", id);
      await drag(page, id, "presented");
      const dialog = page.getByRole("dialog");
      await dialog.getByText("2 options are ready").waitFor({ timeout: 15_000 });
      const monthly = dialog.locator("strong").first();
      const before = await monthly.textContent();
      await dialog.getByLabel("Monthly payments").first().fill("12");
      await page.waitForFunction((was) => document.querySelector('[role="dialog"] strong').textContent !== was, before);
      await dialog.getByRole("button", { name: "Add an option" }).click();
      await dialog.getByText("3 options are ready").waitFor({ timeout: 15_000 });
      await inBothThemes(page, "pipeline-offer");
      await dialog.getByRole("button", { name: "Prepare and share" }).click();
      await dialog.getByRole("button", { name: "Share the link" }).click();
      await dialog.getByText("This link is shown once").waitFor();
      assert.match(await dialog.locator("output").textContent(), /\/l\/.+/);
      await inBothThemes(page, "pipeline-shared");
      await dialog.getByRole("button", { name: "Done" }).click();
      await inColumn(page, "presented", id);
      assert.equal((await now()).stage, "presented");
      const { presentations } = await ask(tc, "GET", `/v1/presentations?case_id=${id}`);
      assert.deepEqual([presentations[0].state, presentations[0].options.length], ["shared", 3]);
      await page.getByRole("button", { name, exact: true }).click();
      await page.getByText("Ask which questions are open").first().waitFor();
      await inBothThemes(page, "pipeline-card");
      await page.getByRole("button", { name: "No answer" }).click();
      await inColumn(page, "pending", id);
      assert.equal((await now()).blocker, "family");
      return page;
    },

    async "a card that is dragged ahead of the facts stays, with the reason; a true move can be taken back"() {
      const page = await open(browser);
      const { id, last, now } = await family("presented");
      await signIn(page, "tc@beacon.example", "/pipeline");
      await find(page, last);
      await inColumn(page, "presented", id);
      await drag(page, id, "start_booked", { drop: false });
      await page.locator("[data-ghost]").getByText("The agreement is not signed").waitFor();
      await page.screenshot({ path: `${OUT}pipeline-refused.png` });
      await page.mouse.up();
      await page.getByText("stays in Presented").waitFor();
      assert.equal((await now()).stage, "presented");

      await drag(page, id, "pending");
      await inColumn(page, "pending", id);
      await page.getByRole("button", { name: /^Undo/ }).waitFor();
      await page.screenshot({ path: `${OUT}pipeline-moved.png` });
      for (let n = 0; n < 50 && (await now()).stage !== "pending"; n++) await page.waitForTimeout(100);
      await page.keyboard.press("Control+z");
      await inColumn(page, "presented", id);
      await page.getByText("is back where it was").waitFor();
      assert.deepEqual([(await now()).stage, (await now()).blocker], ["presented", null]);
      return page;
    },

    async "a card is moved by the keyboard, and by the menu"() {
      const page = await open(browser);
      const { id, last, name } = await family("presented");
      await signIn(page, "tc@beacon.example", "/pipeline");
      await find(page, last);
      await inColumn(page, "presented", id);
      await card(page, id).locator("[data-row]").focus();
      await page.keyboard.press("m");
      await page.getByText("left and right arrows, then Enter").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await inColumn(page, "pending", id);
      await page.waitForTimeout(400);
      await page.getByRole("button", { name: `Actions for ${name}` }).click();
      await sound(page, "menu of a card");
      await page.getByRole("menuitem", { name: /^Presented/ }).click();
      await inColumn(page, "presented", id);
      return page;
    },

    async "what one sees the other sees within a second; whoever is late is told"() {
      const [page, second] = [await open(browser), await open(browser)];
      const { id, last, now } = await family("presented");
      const { tc } = await staff();
      await signIn(page, "tc@beacon.example", "/pipeline");
      await signIn(second, "owner@beacon.example", `/pipeline?loc=${world.here.id}`);
      await second.locator('[data-state="live"]').waitFor();
      for (const one of [page, second]) await find(one, last);
      await inColumn(second, "presented", id);
      await drag(page, id, "pending");
      await inColumn(page, "pending", id);
      const started = Date.now();
      await inColumn(second, "pending", id);
      console.log(`    seen after ${Date.now() - started} ms`);

      // the second looks at an old version, because it hears nothing, and is refused
      await second.route("**/v1/pipeline**", (route) =>
        route.request().method() === "GET" ? route.abort() : route.continue(),
      );
      await second.route("**/v1/pipeline/search", (route) => route.abort());
      const seen = await now();
      const plan = {
        owner_id: seen.owner_id,
        next_step: "Call on Friday",
        next_step_due: dayIn(world.here.time_zone, 3),
      };
      await ask(tc, "PATCH", `/v1/cases/${id}`, { ...plan, blocker: "financing" }, seen.version);
      await drag(second, id, "presented");
      await second.getByText("Somebody was faster").waitFor();
      await inColumn(second, "pending", id);
      await second.context().close();
      return page;
    },

    async "filters stand in the address and survive a reload"() {
      const page = await open(browser, { viewport: { width: 1024, height: 768 } });
      await signIn(page, "tc@beacon.example", "/pipeline");
      await page.locator("[data-card]").first().waitFor();
      await inBothThemes(page, "pipeline-1024");
      await page.getByLabel("Blocker", { exact: true }).selectOption("family");
      await page.getByLabel("Source", { exact: true }).selectOption("web");
      await page.waitForURL(/blocker=family/);
      await page.reload();
      await page.getByRole("heading", { name: "Pipeline" }).waitFor();
      assert.equal(await page.getByLabel("Blocker", { exact: true }).inputValue(), "family");
      assert.equal(await page.getByLabel("Source", { exact: true }).inputValue(), "web");
      await page.getByLabel("Blocker", { exact: true }).selectOption("signature");
      await page.getByLabel("Source", { exact: true }).selectOption("walk_in");
      await page.getByText("No card passes these filters").waitFor();
      await sound(page, "nothing passes");
      await page.getByRole("button", { name: "Clear filters" }).click();
      await page.getByRole("button", { name: "Observation", exact: true }).click();
      await page.getByRole("button", { name: "Show more" }).or(page.locator("[data-card]").nth(3)).first().waitFor();
      await inBothThemes(page, "pipeline-one-stage");
      return page;
    },

    async "conversion is told by blocker, source and coordinator"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/pipeline?view=conversion");
      await page.getByRole("region", { name: "By blocker" }).getByRole("row").nth(1).waitFor();
      await inBothThemes(page, "pipeline-conversion");
      return page;
    },

    async "the desk looks at cards and moves none; an assistant has no pipeline; a server that does not answer"() {
      const page = await open(browser);
      await signIn(page, "desk@beacon.example", "/pipeline");
      const some = page.locator('[data-stage="pending"] [data-card]').first();
      await some.waitFor();
      assert.equal(await page.getByRole("button", { name: "Conversion" }).count(), 0);
      await some.locator("[data-row]").focus();
      await page.keyboard.press("m");
      await page.getByText("Your role may look at cards, not move them.").first().waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("complementary").waitFor();
      assert.equal(await page.getByRole("complementary").getByLabel("Next step").count(), 0);
      await sound(page, "card of the desk");

      await page.route("**/v1/pipeline?**", (route) => route.abort());
      await page.getByLabel("Source", { exact: true }).selectOption("web");
      await page
        .getByText("trying again")
        .or(page.getByRole("button", { name: "Try again" }))
        .first()
        .waitFor({ timeout: 15_000 });
      await page.context().close();

      const insured = await open(browser);
      await signIn(insured, "insurance@beacon.example", "/my-day");
      assert.equal(await insured.getByRole("link", { name: "Pipeline" }).count(), 0);
      await insured.goto(insured.url().replace("/my-day", "/pipeline"));
      await insured.getByRole("heading", { level: 2 }).first().waitFor();
      await sound(insured, "denied");
      return insured;
    },
  };
};
