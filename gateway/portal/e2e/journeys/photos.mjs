// Photos of the chart: timepoints, comparing, enlarging, films, adding and refusing.
import assert from "node:assert/strict";
import { inBothThemes } from "../sound.mjs";
import { BASE, open, person, signIn } from "../world.mjs";

/** A patient of the demo group whose treatment was photographed twice and is finished or not. */
async function photographed(world) {
  const doctor = await person("dr.rivera@beacon.example");
  for (const patient of world.patients) {
    const { images } = (await doctor("GET", `/v1/patients/${patient.id}/images?page_size=200`)).body;
    if (new Set(images.map((one) => one.stage)).size >= 2) return patient;
  }
  throw new Error("the demo group has no photographs");
}

export default (browser, world) => {
  let found;
  const chart = async (page, email = "tc@beacon.example") => {
    found ??= await photographed(world);
    await signIn(page, email, `/p/${found.id}/photos`);
  };
  const journeys = {
    async "an orthodontist goes through the timepoints and compares two, by keyboard and pointer"() {
      const page = await open(browser);
      await chart(page);
      const points = page.getByRole("group", { name: "Timepoints" }).getByRole("button");
      await points.first().waitFor();
      await page.waitForFunction(() => {
        const shown = [...document.querySelectorAll("section[aria-label^=Composite] img")];
        return shown.length === 8 && shown.every((one) => one.complete && one.naturalWidth > 0);
      });
      await inBothThemes(page, "photos");
      await page.keyboard.press("ArrowLeft");
      await page.waitForURL(/item=/);
      await page.keyboard.press("ArrowLeft");
      await page.getByRole("region", { name: "Composite: Initial" }).waitFor();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("region", { name: "Composite: Progress" }).waitFor();
      await page.keyboard.press("ArrowLeft");

      await page.keyboard.press("c");
      const slider = page.getByRole("slider", { name: /^Line between Initial and/ });
      await slider.waitFor();
      assert.equal(await slider.inputValue(), "50");
      await slider.focus();
      await page.keyboard.press("ArrowRight");
      assert.equal(await slider.inputValue(), "51");
      const stage = page.locator("[data-mode=slide]");
      const box = await stage.boundingBox();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.25, box.y + 80, { steps: 4 });
      await page.mouse.up();
      assert.equal(await slider.inputValue(), "25");
      const clip = await stage
        .locator("img")
        .nth(1)
        .evaluate((one) => getComputedStyle(one).clipPath);
      assert.match(clip, /25%/);
      await page.waitForFunction(() => [...document.images].every((one) => one.complete));
      await inBothThemes(page, "photos-compare");
      await page.getByRole("button", { name: "Overlay" }).click();
      const strength = page.getByRole("slider", { name: /^Strength of / });
      await strength.focus();
      await page.keyboard.press("End");
      assert.equal(
        await stage
          .or(page.locator("[data-mode=overlay]"))
          .locator("img")
          .nth(1)
          .evaluate((one) => getComputedStyle(one).opacity),
        "1",
      );
      await page.getByRole("button", { name: "Side by side" }).click();
      await page.getByRole("button", { name: "Upper occlusal" }).click();
      await page.getByRole("img", { name: /^Upper occlusal, Initial/ }).waitFor();
      await inBothThemes(page, "photos-side");
      await page.keyboard.press("Escape");
      await page.getByRole("region", { name: /^Composite/ }).waitFor();
      return page;
    },

    async "a film is shown from its measured pixels, brighter and darker; an image is enlarged and moved"() {
      const page = await open(browser);
      await chart(page);
      await page.getByRole("group", { name: "Timepoints" }).getByRole("button").first().click();
      await page.getByRole("button", { name: "Enlarge Panoramic" }).click();
      const level = page.getByRole("slider", { name: /Brightness/ });
      await level.waitFor();
      const mean = () =>
        page.locator("canvas").evaluate((one) => {
          const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
          let sum = 0;
          for (let index = 0; index < data.length; index += 4) sum += data[index];
          return sum / (data.length / 4);
        });
      const before = await mean();
      await level.focus();
      await page.keyboard.press("PageUp");
      assert.ok((await mean()) > before + 5, "brighter");
      await page.getByRole("button", { name: "Reset" }).click();
      assert.ok(Math.abs((await mean()) - before) < 0.01, "as the film proposes");
      await page.getByRole("button", { name: "Invert" }).click();
      assert.ok(Math.abs((await mean()) - (255 - before)) < 1, "inverted");
      await page.getByRole("button", { name: "Invert" }).click();
      await inBothThemes(page, "photos-film");
      await page.getByRole("button", { name: "Next image" }).focus();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("heading", { name: /^Cephalometric/ }).waitFor();
      await page.getByRole("button", { name: "Next image" }).click();
      await page.getByRole("heading", { name: /^Face, relaxed/ }).waitFor();
      await page.keyboard.press("+");
      await page.keyboard.press("+");
      await page.getByRole("button", { name: "196 %, Fit" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("region", { name: /^Composite/ }).waitFor();
      return page;
    },

    async "an assistant adds a photograph; files that are none say why"() {
      const page = await open(browser);
      const tc = await person("tc@beacon.example");
      let empty;
      for (const patient of world.patients) {
        const { images } = (await tc("GET", `/v1/patients/${patient.id}/images`)).body;
        if (images.length === 0) {
          empty = patient;
          break;
        }
      }
      await signIn(page, "tc@beacon.example", `/p/${empty.id}/photos`);
      await page.getByRole("button", { name: "Add images" }).click();
      const jpeg = await page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [640, 480];
        const context = canvas.getContext("2d");
        context.fillStyle = "#c87a7c";
        context.fillRect(0, 0, 640, 480);
        context.fillStyle = "#f4efe2";
        for (let tooth = 0; tooth < 8; tooth++) context.fillRect(40 + tooth * 72, 150, 62, 160);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
        return [...new Uint8Array(await blob.arrayBuffer())];
      });
      const film = Buffer.alloc(400);
      film.write("DICM", 128);
      await page.locator("input[type=file]").setInputFiles([
        { name: "frontal.jpg", mimeType: "image/jpeg", buffer: Buffer.from(jpeg) },
        { name: "smile.jpg", mimeType: "image/jpeg", buffer: Buffer.from("not a photograph") },
        { name: "pano.dcm", mimeType: "application/dicom", buffer: film },
        { name: "other.jpg", mimeType: "image/jpeg", buffer: Buffer.from("another") },
      ]);
      assert.equal(await page.getByLabel("View of frontal.jpg").inputValue(), "intraoral_frontal");
      assert.equal(await page.getByLabel("View of smile.jpg").inputValue(), "face_frontal_smile");
      await page.getByRole("button", { name: "Take other.jpg off the list" }).click();
      await page.getByRole("button", { name: "Add 3 images" }).click();
      await page.getByText("In the chart").waitFor();
      await page.getByText("This is no whole JPEG.").waitFor();
      await page.getByText("This is no whole DICOM film.").waitFor();
      await inBothThemes(page, "photos-upload");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Enlarge Frontal" }).waitFor();
      await page
        .getByText(/views missing/)
        .first()
        .waitFor();
      await inBothThemes(page, "photos-missing");
      return page;
    },

    async "the front desk does not see photographs"() {
      const page = await open(browser);
      await chart(page, "desk@beacon.example");
      await page.getByText("Your role does not allow this").or(page.getByText(/role/)).first().waitFor();
      assert.equal(await page.locator("section[aria-label^=Composite]").count(), 0);
      const answer = await page.evaluate(
        (id) => fetch(`/v1/patients/${id}/images`).then((one) => one.status),
        found.id,
      );
      assert.equal(answer, 403);
      assert.match(page.url(), new RegExp(`^${BASE}`));
      return page;
    },
  };
  return journeys;
};
