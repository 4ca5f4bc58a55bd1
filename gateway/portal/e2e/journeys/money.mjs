// Money of the chart: plan, contract, ledger, payments, refunds, insurance, and what each role sees of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { inBothThemes } from "../sound.mjs";
import { open, person, signIn } from "../world.mjs";

const ANSWER = new URL("../../../../shared/demo/files/271-ortho-benefits.edi", import.meta.url);
const dollars = (cents) => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });

export default (browser, world) => {
  let found;
  /** An insured patient at the location whose family still owes something on a running contract. */
  const family = async () => {
    if (found) return found;
    const finance = await person("finance@beacon.example");
    let page_token = "";
    do {
      const asked = `/v1/contracts?page_size=200&page_token=${encodeURIComponent(page_token)}`;
      const { contracts, next_page_token } = (await finance("GET", asked)).body;
      page_token = next_page_token;
      for (const one of contracts) {
        if (one.location_id !== world.here.id || one.state !== "active" || !one.insurance_portion.amount_cents)
          continue;
        if (one.balance.amount_cents < 1_500_00) continue;
        const { contract } = (await finance("GET", `/v1/contracts/${one.id}`)).body;
        if (contract.parties.length < 2 || contract.parties.some((party) => party.balance.amount_cents < 200_00))
          continue;
        const { patient } = (await finance("GET", `/v1/patients/${contract.patient_id}`)).body;
        found = { finance, patient, contract };
        return found;
      }
    } while (page_token);
    throw new Error("the demo group has no such family");
  };
  const balanceOf = async () =>
    (await found.finance("GET", `/v1/patients/${found.patient.id}/balance`)).body.patient_balance.amount_cents;

  const journeys = {
    async "a payment is recorded: the statement, the balance and the header say so; part of it is refunded"() {
      const { patient } = await family();
      const before = await balanceOf();
      const page = await open(browser);
      await signIn(page, "finance@beacon.example", `/p/${patient.id}/ledger`);
      await page.getByRole("region", { name: "Statement" }).getByRole("row").nth(2).waitFor();
      assert.equal(await page.locator("[data-balance]").textContent(), dollars(before));
      assert.equal(await page.locator("[data-total]").textContent(), dollars(before));
      await inBothThemes(page, "ledger");
      // Each party's statement adds up, and both make the whole.
      const totals = [];
      for (const one of await page.getByRole("group", { name: "Whose" }).getByRole("button").all()) {
        await one.click();
        totals.push(Number((await page.locator("[data-total]").textContent()).replaceAll(/[$,]/g, "")));
      }
      assert.equal(Math.round((totals[1] + totals[2]) * 100), Math.round(totals[0] * 100));
      await page.getByRole("group", { name: "Whose" }).getByRole("button").first().click();

      await page.getByRole("button", { name: "Record payment" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Amount", { exact: true }).fill("1,23");
      await dialog.getByText("Write dollars and cents").waitFor();
      await inBothThemes(page, "record-payment");
      await dialog.getByLabel("Amount", { exact: true }).fill("99999");
      await dialog.getByRole("button", { name: "Continue" }).click();
      await dialog.getByRole("button", { name: "Record $99,999.00" }).click();
      await dialog.getByText(/more than is owed. At most \$/).waitFor();
      await dialog.getByLabel("Amount", { exact: true }).fill("151.29");
      await dialog.getByLabel("Check number or receipt").fill("1042");
      await dialog.getByRole("button", { name: "Continue" }).click();
      await dialog.getByText(/Record \$151.29 by check from/).waitFor();
      assert.equal(await balanceOf(), before, "nothing is posted before it is confirmed");
      await dialog.getByRole("button", { name: "Record $151.29" }).click();
      await dialog.waitFor({ state: "detached" });
      await page
        .locator("[data-total]")
        .filter({ hasText: dollars(before - 151_29) })
        .waitFor();
      await page
        .locator("[data-balance]")
        .filter({ hasText: dollars(before - 151_29) })
        .waitFor();
      assert.equal(await balanceOf(), before - 151_29);
      const rounded = `$${Math.round((before - 151_29) / 100).toLocaleString("en-US")}`;
      await page.locator("article header").getByText(rounded).first().waitFor();

      await page
        .getByRole("button", { name: /^\$151\.29/ })
        .first()
        .click();
      await dialog.getByText("1042").first().waitFor();
      await inBothThemes(page, "payment");
      await dialog.getByRole("button", { name: "Refund…" }).click();
      await dialog.getByLabel("Amount", { exact: true }).fill("51.29");
      await dialog.getByLabel("Why it is refunded").fill("Paid twice");
      await dialog.getByRole("button", { name: "Continue" }).click();
      await dialog.getByRole("button", { name: "Refund $51.29" }).click();
      await dialog.getByRole("definition").getByText("$51.29 refunded").waitFor();
      await page.keyboard.press("Escape");
      await page
        .locator("[data-total]")
        .filter({ hasText: dollars(before - 100_00) })
        .waitFor();
      assert.equal(await balanceOf(), before - 100_00);
      return page;
    },

    async "a card that is declined posts nothing; a larger refund needs a second person"() {
      const { patient, finance, contract } = await family();
      const before = await balanceOf();
      const page = await open(browser);
      await signIn(page, "finance@beacon.example", `/p/${patient.id}/ledger`);
      await page.getByRole("button", { name: "Record payment" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Amount", { exact: true }).fill("20");
      await dialog.getByLabel("card").check();
      await dialog.getByLabel("Card token of the terminal").fill("tok_declined");
      await dialog.getByRole("button", { name: "Continue" }).click();
      await dialog.getByRole("button", { name: "Record $20.00" }).click();
      await dialog.getByText("The card was declined. Nothing was posted.").waitFor({ timeout: 20_000 });
      assert.equal(await balanceOf(), before);
      await page.keyboard.press("Escape");

      const party = contract.parties.toSorted((a, b) => b.balance.amount_cents - a.balance.amount_cents)[0];
      if (party.balance.amount_cents > 700_00) {
        const paid = await finance("POST", `/v1/contracts/${contract.id}/payments`, {
          party_id: party.party_id,
          amount: { amount_cents: 501_00, currency_code: "USD" },
          method: "cash",
        });
        await page.goto(`${page.url().split("?")[0]}?item=${paid.body.payment.id}`);
        await dialog.getByRole("button", { name: "Refund…" }).click();
        await dialog.getByText("More than $500.00 needs another person").waitFor();
        await dialog.getByLabel("Why it is refunded").fill("By mistake");
        await dialog.getByRole("button", { name: "Continue" }).click();
        await dialog.getByRole("button", { name: "Refund $501.00" }).click();
        await dialog.getByRole("alert").getByText("You recorded this payment").waitFor();
        const back = await (await person("owner@beacon.example"))(
          "POST",
          `/v1/payments/${paid.body.payment.id}/reverse`,
          { reason: "entered_in_error" },
          paid.body.payment.version,
        );
        assert.equal(back.status, 201, JSON.stringify(back.body));
      }
      return page;
    },

    async "the contract and the plan of a split family; an early end waits for a second person"() {
      const { patient, contract, finance } = await family();
      const page = await open(browser);
      await signIn(page, "finance@beacon.example", `/p/${patient.id}/contract`);
      await page.getByRole("region", { name: "Parties" }).getByRole("listitem").nth(1).waitFor();
      await page.getByRole("region", { name: "Instalments" }).getByText("Paid").first().waitFor();
      await inBothThemes(page, "contract");
      await page.getByRole("button", { name: "End early…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Why").fill("The family moves away");
      await inBothThemes(page, "contract-end");
      await dialog.getByRole("button", { name: "Compute the settlement" }).click();
      await dialog.waitFor({ state: "detached" });
      const settlement = page.getByRole("region", { name: "Settlement" });
      await settlement.getByText("Earned in all").waitFor();
      await settlement.getByText("A second person approves what you computed.").waitFor();
      await inBothThemes(page, "contract-settlement");
      await settlement.getByRole("button", { name: "Reject" }).click();
      await settlement.waitFor({ state: "detached" });
      const now = (await finance("GET", `/v1/contracts/${contract.id}`)).body.contract;
      assert.equal(now.state, "active");
      await page.getByRole("link", { name: "Plan", exact: true }).click();
      await page
        .getByText(/^Month \d+/)
        .last()
        .waitFor();
      await inBothThemes(page, "plan");
      return page;
    },

    async "benefits say where each figure was read; a 271, a call and an estimate are kept; a claim's file is checked"() {
      const { patient } = await family();
      const page = await open(browser);
      await signIn(page, "insurance@beacon.example", `/p/${patient.id}/insurance`);
      const benefits = page.getByRole("table", { name: /^Benefits of/ }).first();
      await benefits
        .getByText(/^Portal, /)
        .first()
        .waitFor();
      await page
        .getByRole("region", { name: "Expected payments" })
        .getByText(/received, .* outstanding/)
        .waitFor();
      await inBothThemes(page, "insurance");
      const dialog = page.getByRole("dialog");
      await page.getByRole("button", { name: "Verify again" }).click();
      await dialog
        .locator("input[type=file]")
        .setInputFiles({ name: "a.edi", mimeType: "text/plain", buffer: Buffer.from("ISA*nothing") });
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByText("This is no whole 271 file.").waitFor();
      const { coverages } = (await found.finance("GET", `/v1/coverages?patient_id=${patient.id}`)).body;
      // The newest answer counts: the demo's file, as if it had come today for this member.
      const today = new Date().toISOString().slice(0, 10).replaceAll("-", "");
      const mine = readFileSync(ANSWER, "latin1")
        .replace(/(NM1\*IL\*1\*[^~]*\*MI\*)[^~]*~/, `$1${coverages[0].member_id}~`)
        .replaceAll("20260115*", `${today}*`)
        .replace("*260115*", `*${today.slice(2)}*`);
      await dialog
        .locator("input[type=file]")
        .setInputFiles({ name: "b.edi", mimeType: "text/plain", buffer: Buffer.from(mine) });
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
      await benefits
        .getByText(/^271 of .*, segment \d+/)
        .first()
        .waitFor();
      await inBothThemes(page, "insurance-271");

      await page.getByRole("button", { name: "Verify again" }).click();
      await dialog.getByLabel("Telephone").check();
      await dialog.getByLabel("Who answered").fill("Dana");
      await dialog.getByLabel("Reference number").fill("77-1");
      await dialog.getByLabel("The plan pays, percent").fill("50");
      await dialog.getByLabel("Lifetime maximum", { exact: true }).fill("1500");
      await dialog.getByLabel("Left of it").fill("1,200.00");
      await inBothThemes(page, "insurance-call");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
      await benefits
        .getByText(/^Call with Dana, /)
        .first()
        .waitFor();
      await page.getByText(/reference 77-1/).waitFor();
      await page.getByText("$1,200.00 left").waitFor();

      await page.getByRole("button", { name: "New estimate" }).click();
      await dialog.getByLabel("Fee of the treatment").fill("6000");
      await dialog.getByRole("button", { name: "Compute" }).click();
      await dialog.waitFor({ state: "detached" });
      await page
        .getByRole("region", { name: /^Estimate/ })
        .getByText("$1,200.00")
        .first()
        .waitFor();
      await page.getByRole("button", { name: /^Initial claim/ }).click();
      await dialog.getByRole("button", { name: "Download 837" }).waitFor();
      await inBothThemes(page, "claim");
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        dialog.getByRole("button", { name: "Download 837" }).click(),
      ]);
      assert.match(readFileSync(await file.path(), "latin1"), /^ISA\*/);
      return page;
    },

    async "each role sees its own: the desk payments and balances, an assistant nothing of it"() {
      const { patient } = await family();
      let page = await open(browser);
      await signIn(page, "desk@beacon.example", `/p/${patient.id}/ledger`);
      await page.getByText("Your role sees payments, not the ledger.").waitFor();
      await page.locator("[data-balance]").filter({ hasText: "$" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "Contract", exact: true }).count(), 0);
      assert.equal(await page.getByRole("button", { name: "Refund…" }).count(), 0);
      await inBothThemes(page, "ledger-desk");
      await page.context().close();

      const { staff } = (await world.owner("GET", "/v1/staff?page_size=200")).body;
      const assistant = staff.find(
        (one) =>
          one.grants.some((g) => g.role === "clinical_assistant" && g.location_ids?.includes(world.here.id)) ||
          one.grants[0]?.role === "clinical_assistant",
      );
      page = await open(browser);
      await signIn(page, assistant.email, `/p/${patient.id}/summary`);
      await page
        .getByRole("navigation", { name: "Parts of the chart" })
        .or(page.getByText("There is no such patient"))
        .first()
        .waitFor();
      for (const tab of ["Ledger", "Contract", "Insurance"])
        assert.equal(await page.getByRole("link", { name: tab, exact: true }).count(), 0, tab);
      const asked = await page.evaluate(
        (id) => fetch(`/v1/patients/${id}/ledger`).then((one) => one.status),
        patient.id,
      );
      assert.equal(asked, 403);
      return page;
    },
  };
  return journeys;
};
