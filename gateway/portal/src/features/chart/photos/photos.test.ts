import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, paint, range, table } from "./film";
import { type Image, suggestView, timepoints, VIEWS, type View } from "./timepoints";

const image = (id: string, view: View, stage: string, day: string) =>
  ({ id, view, stage, take_time: `${day}T15:00:00Z` }) as Image;

describe("timepoints", () => {
  it("are sittings: the newest image of each view, older ones beside it", () => {
    const found = timepoints([
      image("d", "pano", "progress", "2026-09-01"),
      image("a", "pano", "initial", "2025-01-10"),
      image("c", "intraoral_frontal", "progress", "2026-03-01"),
      image("b", "pano", "initial", "2025-01-12"),
    ]);
    expect(found.map((one) => one.id)).toEqual(["initial-2025-01-10", "progress-2026-03-01", "progress-2026-09-01"]);
    expect(found[0]?.views.get("pano")?.id).toBe("b");
    expect(found[0]?.more.map((one) => one.id)).toEqual(["a"]);
  });

  it("lose no image and show none twice", () => {
    const some = fc.array(
      fc.record({
        view: fc.constantFrom(...VIEWS),
        stage: fc.constantFrom("initial", "progress", "final"),
        day: fc.integer({ min: 0, max: 900 }),
      }),
    );
    fc.assert(
      fc.property(some, (given) => {
        const images = given.map((one, index) =>
          image(String(index), one.view, one.stage, new Date(1.7e12 + one.day * 86_400_000).toISOString().slice(0, 10)),
        );
        const shown = timepoints(images).flatMap((one) => [...one.views.values(), ...one.more].map(({ id }) => id));
        expect(shown.sort()).toEqual(images.map(({ id }) => id).sort());
      }),
    );
  });
});

describe("the view of a file", () => {
  it.each([
    ["IMG_0042 Smile.JPG", "face_frontal_smile"],
    ["upper-occlusal.jpg", "intraoral_upper"],
    ["left buccal.jpeg", "intraoral_left"],
    ["PANO_2026.dcm", "pano"],
    ["ceph.dcm", "ceph"],
    ["Lower Jaw.stl", "scan_lower"],
    ["IMG_0043.jpg", "intraoral_right"],
    ["1.2.840.dcm", "ceph"],
  ])("%s is %s", (name, view) => {
    expect(suggestView(name, ["intraoral_right", "ceph"])).toBe(view);
  });
});

describe("a film's window", () => {
  const frames = fc.record({
    width: fc.constant(1),
    height: fc.constant(1),
    signed: fc.boolean(),
    slope: fc.constantFrom(1, 0.5, 2),
    intercept: fc.integer({ min: -1024, max: 0 }),
    inverted: fc.boolean(),
  });
  const windows = fc.record({
    center: fc.integer({ min: -2000, max: 4000 }),
    width: fc.integer({ min: 1, max: 8000 }),
    inverted: fc.boolean(),
  });
  /** What DICOM says, pixel by pixel. */
  const plain = (bits: number, frame: Frame, center: number, width: number, flip: boolean) => {
    const pixel = frame.signed ? (bits << 16) >> 16 : bits;
    const value = pixel * frame.slope + frame.intercept;
    const share = value <= center - width / 2 ? 0 : value >= center + width / 2 ? 1 : (value - center) / width + 0.5;
    return (flip ? 1 - share : share) * 255;
  };

  it("makes every pixel as grey as plain arithmetic does", () => {
    fc.assert(
      fc.property(frames, windows, fc.uint16Array({ minLength: 1, maxLength: 50 }), (frame, shown, pixels) => {
        const rgba = new Uint8ClampedArray(pixels.length * 4);
        paint(pixels, table(frame, shown), rgba);
        for (const [index, bits] of pixels.entries()) {
          const grey = plain(bits, frame, shown.center, shown.width, frame.inverted !== shown.inverted);
          const [red, green, blue, alpha] = rgba.slice(index * 4, index * 4 + 4) as unknown as number[];
          expect(Math.abs((red as number) - grey)).toBeLessThanOrEqual(0.51);
          expect([green, blue, alpha]).toEqual([red, red, 255]);
        }
      }),
    );
  });

  it("has controls from the least to the greatest value", () => {
    fc.assert(
      fc.property(frames, fc.uint16Array({ minLength: 1, maxLength: 50 }), (frame, pixels) => {
        const [low, high] = range(pixels, frame);
        const values = [...pixels].map(
          (bits) => (frame.signed ? (bits << 16) >> 16 : bits) * frame.slope + frame.intercept,
        );
        expect([low, high]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });
});
