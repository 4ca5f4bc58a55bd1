// The patient's chart: found, read, changed by two people at once, written in, signed, shown to whom it may be shown.
import assert from "node:assert/strict";
import { inBothThemes, OUT, sound } from "../sound.mjs";
import { BASE, open, person, signIn } from "../world.mjs";

export default (browser, world) => {
  const chart = (patient, tab = "summary") => `/p/${patient.id}/${tab}`;
  const heading = (page, patient) =>
    page.getByRole("heading", {
      level: 1,
      name: `${patient.preferred_name || patient.first_name} ${patient.last_name}`,
    });
  /** A family of its own, so that no other journey is in the way: one parent, or two who live apart. */
  async function family(last, parents = ["Ana"]) {
    const parties = parents.map((first, index) => ({
      ...{ first_name: first, last_name: last, email: `${first}.${last}@family.example`.toLowerCase() },
      mobile: `+1617555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`,
      relationship: {
        ...{ kind: "parent", may_consent: index === 0, clinical_access: index === 0, financial: true },
        ...{ own_share_only: parents.length > 1, primary_contact: index === 0 },
        ...(parents.length > 1 ? { share_bp: index === 0 ? 6000 : 4000 } : {}),
      },
    }));
    const body = { first_name: "Nora", last_name: last, birth_date: "2013-04-09", language: "en" };
    const made = await world.desk("POST", "/v1/patients", { ...body, home_location_id: world.here.id, parties });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body;
  }
  const treated = async () => {
    const { cases } = (await world.owner("GET", `/v1/cases?states=active&location_id=${world.here.id}&page_size=100`))
      .body;
    for (const one of cases) {
      const { notes } = (await world.owner("GET", `/v1/patients/${one.patient_id}/notes?page_size=1`)).body;
      if (notes.length) return (await world.owner("GET", `/v1/patients/${one.patient_id}`)).body.patient;
    }
    throw new Error("nobody in treatment has a note");
  };

  const journeys = {
    async "a coordinator finds a patient from the keyboard and reads the chart"() {
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", "/patients");
      const rows = page.getByRole("table", { name: "Patients" }).getByRole("link");
      await rows.first().waitFor();
      await inBothThemes(page, "patients");
      const patient = await treated();
      await page.getByRole("searchbox").fill(`${patient.first_name} ${patient.last_name}`);
      await page
        .getByRole("link", { name: `${patient.first_name} ${patient.last_name}` })
        .first()
        .waitFor();
      assert.ok(!page.url().includes(patient.last_name), "a name in the address");
      await page.getByRole("searchbox").press("ArrowDown");
      await page.keyboard.press("j");
      await page.keyboard.press("k");
      await page.keyboard.press("Enter");
      await heading(page, patient).waitFor();
      await page.getByText(/^Month \d+ of \d+/).waitFor();
      await page.getByRole("region", { name: "Next steps" }).waitFor();
      await page.getByRole("region", { name: "To watch" }).getByRole("listitem").first().waitFor();
      await inBothThemes(page, "chart-summary");
      await page.getByRole("link", { name: "Timeline" }).click();
      const timeline = page.getByRole("list", { name: "Timeline" });
      await timeline
        .getByText(/^Text to /)
        .first()
        .waitFor();
      await inBothThemes(page, "chart-timeline");
      await page.getByRole("button", { name: "Visits", exact: true }).click();
      await page.waitForFunction(() => !document.querySelector('[data-kind="message"]'));
      assert.match(page.url(), /kind=visit/);
      await page.goBack();
      return page;
    },

    async "the command menu opens the chart, and names can be hidden"() {
      const { patient } = await family("Menuet");
      const page = await open(browser);
      await signIn(page, "desk@beacon.example");
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("Menuet");
      await page
        .getByRole("option", { name: /Nora Menuet/ })
        .first()
        .click();
      await heading(page, patient).waitFor();
      await page.getByRole("button", { name: "Hide names" }).click();
      await page.getByRole("heading", { level: 1, name: `Chart ${patient.chart_number}` }).waitFor();
      assert.equal(await page.getByRole("main").getByText("Menuet").count(), 0);
      await sound(page, "names hidden");
      return page;
    },

    async "two people change one family: other fields are merged, the same field is asked for"() {
      const { patient } = await family("Merger");
      const [page, second] = [await open(browser), await open(browser)];
      await signIn(page, "desk@beacon.example", chart(patient, "family"));
      await signIn(second, "tc@beacon.example", chart(patient, "family"));
      const edit = async (at) => {
        await at.getByRole("button", { name: "Edit Ana Merger" }).click();
        await at.getByRole("dialog").getByLabel("Mobile phone").waitFor();
      };
      const save = (at) => at.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      const said = async () => {
        const { parties } = (await world.desk("GET", `/v1/patients/${patient.id}/parties`)).body;
        return parties[0].party;
      };
      // both have read the same; each changes something else
      await edit(page);
      await edit(second);
      await inBothThemes(page, "chart-edit");
      await second.getByLabel("E-mail").fill("ana.new@family.example");
      await save(second);
      await second.getByText("Saved", { exact: true }).waitFor();
      await page.getByLabel("Mobile phone").fill("617-555-0123");
      await save(page);
      await page.getByText("Changed by somebody else meanwhile and kept: E-mail").waitFor();
      let now = await said();
      assert.deepEqual([now.mobile, now.email], ["+16175550123", "ana.new@family.example"]);

      // both change the number
      await second.reload();
      await edit(page);
      await edit(second);
      await second.getByLabel("Mobile phone").fill("(617) 555-0199");
      await save(second);
      await second.getByText("Saved", { exact: true }).waitFor();
      await page.getByLabel("Mobile phone").fill("617 555 0111");
      await save(page);
      const dialog = page.getByRole("dialog");
      await dialog.getByText("Which one is right?").waitFor();
      await inBothThemes(page, "chart-conflict");
      await dialog.getByRole("radio", { name: /Saved meanwhile/ }).check();
      await dialog.getByRole("button", { name: "Save" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      now = await said();
      assert.equal(now.mobile, "+16175550199");
      await page.getByRole("link", { name: "(617) 555-0199, Call Ana Merger" }).first().waitFor();
      await second.context().close();
      return page;
    },

    async "a doctor writes and signs a note, which is only added to from then on"() {
      const { patient } = await family("Notable");
      const page = await open(browser);
      await signIn(page, "dr.rivera@beacon.example", chart(patient, "timeline"));
      await page.getByRole("button", { name: "Write a note" }).waitFor();
      await page.keyboard.press("n");
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Start from").selectOption({ label: "Adjustment" });
      const text = dialog.getByLabel("What was done, what was seen, what is next");
      assert.match(await text.inputValue(), /Archwire U/);
      await text.fill("016 NiTi U/L. Hygiene good. Next: 8 weeks.");
      await inBothThemes(page, "chart-note");
      await dialog.getByRole("button", { name: "Save and sign" }).click();
      await page.getByText("The note is signed").waitFor();
      const note = page.locator('[data-kind="note"]', { hasText: "016 NiTi U/L" });
      await note.getByText(/^Signed by Elena Rivera/).waitFor();
      assert.equal(await note.getByRole("button", { name: "Edit" }).count(), 0);
      await note.getByRole("button", { name: "Add to it" }).click();
      await dialog
        .getByLabel("What was done, what was seen, what is next")
        .fill("Mother asked about sports: guard ordered.");
      await dialog.getByRole("button", { name: "Save, sign later" }).click();
      await page.locator('[data-kind="note"]', { hasText: "guard ordered" }).getByText("Not signed").waitFor();
      const { notes } = (await world.owner("GET", `/v1/patients/${patient.id}/notes`)).body;
      assert.deepEqual(
        notes.map((one) => [one.text.slice(0, 10), one.sign_time !== null, one.addendum_to_id !== ""]),
        [
          ["Mother ask", false, true],
          ["016 NiTi U", true, false],
        ],
      );
      return page;
    },

    async "a message is drafted from a template, sent and in the log; a call is logged"() {
      const { patient } = await family("Letter");
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", chart(patient, "messages"));
      await page.getByLabel("Way").selectOption("email");
      await page.getByLabel("Start from").selectOption({ label: "Please call us" });
      await page.getByText("Reads as").waitFor();
      assert.match(await page.getByLabel("Message", { exact: true }).inputValue(), /^Hi Ana, .*Nora/);
      await page.waitForTimeout(200);
      await inBothThemes(page, "chart-messages");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("The message is on its way").waitFor();
      const log = page.getByRole("region", { name: "Messages and calls" });
      await log.getByText(/^Hi Ana, please call us about Nora/).waitFor();
      await log.getByText("Sent", { exact: true }).waitFor({ timeout: 25_000 });
      await page.getByRole("button", { name: "Log a call" }).click();
      await page.getByLabel("The family called").check();
      await page.getByLabel("What was said").fill("A wire pokes. Comes in tomorrow.");
      await page.getByRole("button", { name: "Log it" }).click();
      await log.getByText("Call from Ana Letter").waitFor();
      // who declines texts gets none
      await page.getByRole("button", { name: /Ana Letter, Text, Care: change to No$/ }).click();
      await page.getByRole("button", { name: /Ana Letter, Text, Care: change to Yes$/ }).waitFor();
      await page.getByRole("button", { name: "Write", exact: true }).click();
      await page.getByLabel("Way").selectOption("sms");
      await page.getByText("This person declined messages of this kind this way.").waitFor();
      assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isDisabled());
      return page;
    },

    async "a notice is prepared, read in the page, signed in person, and its evidence kept"() {
      const { patient } = await family("Paper");
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", chart(patient, "forms"));
      await page.getByRole("button", { name: "Prepare" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Who signs").waitFor();
      await inBothThemes(page, "chart-prepare");
      await dialog.getByRole("button", { name: "Prepare" }).click();
      await page.getByText("Waits for the signature").waitFor({ timeout: 20_000 });
      await page.getByRole("button", { name: /^Read: Notice of privacy/ }).click();
      await dialog.locator("iframe").waitFor();
      await page.waitForTimeout(3_000); // the browser's own viewer says nothing when it has drawn
      await page.screenshot({ path: `${OUT}chart-paper.png` });
      await dialog.getByRole("button", { name: "Sign here" }).click();
      await dialog.getByLabel("Name as the signer types it").fill("Ana Paper");
      for (const box of await dialog.getByRole("checkbox").all()) await box.check();
      await dialog.getByRole("button", { name: "Sign", exact: true }).click();
      await dialog.getByText("Here, in person").waitFor();
      const { documents } = (await world.owner("GET", `/v1/patients/${patient.id}/documents`)).body;
      await dialog.getByText(documents[0].sha256).waitFor();
      assert.equal(documents[0].state, "signed");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Send link" }).click();
      await dialog.getByRole("button", { name: "Send link" }).click();
      await page.getByText("The link is on its way").waitFor();
      await page.getByRole("link", { name: "Family" }).click();
      const links = page.getByRole("region", { name: "Private links" });
      await page.waitForTimeout(2_500); // the link is made when the message leaves
      await page.reload();
      await links.getByRole("button", { name: "Revoke" }).click();
      await links.getByText(/^Revoked/).waitFor();
      return page;
    },

    async "parents who live apart: who sees what, and who pays which share"() {
      const { patient } = await family("Apart", ["Ana", "Luis"]);
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", chart(patient, "family"));
      const who = page.getByRole("region", { name: "Who sees what" });
      await who.getByRole("row", { name: /^Luis Apart Does not see it May not Own share only 40%/ }).waitFor();
      await page.getByRole("link", { name: /Split family/ }).waitFor();
      await inBothThemes(page, "chart-family");
      await who.getByRole("button", { name: "Set shares" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Ana Apart").fill("70");
      await dialog.getByText("Together 110%: it must be 100%").waitFor();
      await dialog.getByLabel("Luis Apart").fill("30");
      await dialog.getByText("Together 100%").waitFor();
      await dialog.getByRole("button", { name: "Save" }).click();
      await who.getByRole("row", { name: /^Luis Apart .* 30%/ }).waitFor();
      await page.getByRole("button", { name: "Role of Luis Apart" }).click();
      await dialog.getByLabel("see visits, records and plans").check();
      await dialog.getByRole("button", { name: "Save" }).click();
      await who.getByRole("row", { name: /^Luis Apart Sees it/ }).waitFor();
      return page;
    },

    async "alerts are raised, seen by those they are for, and ended"() {
      const { patient } = await family("Alert");
      const page = await open(browser);
      await signIn(page, "tc@beacon.example", chart(patient));
      const raise = async (kind, text) => {
        await page.getByRole("button", { name: "Add alert" }).click();
        await page.getByLabel("What it is about").selectOption({ label: kind });
        await page.getByLabel("What to know").fill(text);
        await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
        await page.getByRole("dialog").waitFor({ state: "detached" });
        await page.getByRole("list", { name: "Alerts" }).getByText(text).waitFor();
      };
      await raise("Allergy", "Latex");
      await raise("Custody", "Only the mother fetches the child");
      await inBothThemes(page, "chart-alerts");
      const desk = await open(browser);
      await signIn(desk, "desk@beacon.example", chart(patient));
      await desk.getByText("Only the mother fetches the child").waitFor();
      assert.equal(await desk.getByText("Latex").count(), 0);
      await desk.context().close();
      await page.getByRole("button", { name: /Custody/ }).click();
      await page.getByRole("button", { name: "End this alert" }).click();
      await page.getByText("Only the mother fetches the child").waitFor({ state: "detached" });
      return page;
    },

    async "each role sees its own part of a chart, and is told where it may not look"() {
      const patient = await treated();
      const { staff } = (await world.owner("GET", "/v1/staff?page_size=200")).body;
      const assistant = staff.find((one) =>
        one.grants.some(({ role, location_id }) => role === "clinical_assistant" && location_id === world.here.id),
      );
      const expected = {
        "desk@beacon.example": {
          tabs: ["Summary", "Timeline", "Messages", "Forms", "Family"],
          not: ["Photos"],
          note: false,
        },
        [assistant.email]: {
          tabs: ["Summary", "Timeline", "Photos", "Messages", "Family"],
          not: ["Ledger", "Contract", "Forms"],
          note: true,
        },
      };
      for (const [email, { tabs, not, note }] of Object.entries(expected)) {
        const page = await open(browser);
        await signIn(page, email, chart(patient));
        await heading(page, patient).waitFor();
        const shown = await page
          .getByRole("navigation", { name: "Parts of the chart" })
          .getByRole("link")
          .allTextContents();
        for (const tab of tabs) assert.ok(shown.includes(tab), `${email} lacks ${tab}`);
        for (const tab of not) assert.ok(!shown.includes(tab), `${email} sees ${tab}`);
        assert.equal(await page.getByRole("region", { name: "Last note" }).count(), note ? 1 : 0);
        await sound(page, `the chart of ${email}`);
        await page.context().close();
      }
      const page = await open(browser);
      await signIn(page, "desk@beacon.example", chart(patient, "photos"));
      await page.getByText("Your role may not see this").waitFor();
      const desk = await person("desk@beacon.example");
      assert.equal((await desk("GET", `/v1/patients/${patient.id}/notes`)).status, 403);
      const far = (await world.owner("GET", "/v1/locations")).body.locations.find((one) => one.id !== world.here.id);
      const { patients } = (await world.owner("GET", `/v1/patients?location_id=${far.id}&page_size=1`)).body;
      await page.goto(`${BASE}${chart(patients[0])}`);
      await page.getByText("There is no such patient, or not at your locations").waitFor();
      await sound(page, "a chart of elsewhere");
      return page;
    },

    async "the chart on a phone"() {
      const patient = await treated();
      const page = await open(browser, { viewport: { width: 390, height: 844 } });
      await signIn(page, "tc@beacon.example", chart(patient));
      await page.getByRole("region", { name: "Next steps" }).waitFor();
      for (const tab of ["summary", "timeline", "messages", "forms", "family"]) {
        await page.goto(`${BASE}${chart(patient, tab)}`);
        await heading(page, patient).waitFor();
        await page.waitForTimeout(900);
        const wide = await page.evaluate(
          () => document.querySelector("main").scrollWidth - document.querySelector("main").clientWidth,
        );
        assert.ok(wide <= 0, `${tab} is ${wide} px too wide`);
        if (tab === "summary" || tab === "family") await inBothThemes(page, `chart-phone-${tab}`);
        else await page.screenshot({ path: `${OUT}chart-phone-${tab}.png` });
      }
      return page;
    },

    async "a list that does not answer is named, and the others are shown"() {
      const patient = await treated();
      const page = await open(browser);
      await page.route("**/v1/claims*", (route) => route.abort());
      await signIn(page, "tc@beacon.example", chart(patient, "timeline"));
      await page.getByText("Claims could not be read.").waitFor({ timeout: 20_000 });
      await page
        .getByRole("list", { name: "Timeline" })
        .getByText(/^Text to /)
        .first()
        .waitFor();
      await sound(page, "a timeline with a gap");
      await page.unroute("**/v1/claims*");
      await page.getByText("Claims could not be read.").waitFor({ state: "detached", timeout: 60_000 });
      return page;
    },
  };
  return journeys;
};
