import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fill, placeholders, smsLength } from "./sms";
import { another, copyDay, fault, minuteOfText, type Open, timeText, WEEKDAYS, weekMinutes } from "./week";

const span = fc
  .tuple(fc.integer({ min: 0, max: 287 }), fc.integer({ min: 1, max: 288 }))
  .map(([opens, length]) => ({ opens_minute: opens * 5, closes_minute: Math.min(1440, (opens + length) * 5) }));

describe("hours", () => {
  it("a time is read as it was written", () => {
    for (let minute = 0; minute <= 1440; minute += 5) expect(minuteOfText(timeText(minute))).toBe(minute);
    expect(minuteOfText("")).toBeUndefined();
  });

  it("overlap is found exactly when two spans share a minute", () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), (spans) => {
        const taken = new Set<number>();
        let shared = false;
        for (const one of spans) {
          for (let minute = one.opens_minute; minute < one.closes_minute; minute += 5) {
            shared ||= taken.has(minute);
            taken.add(minute);
          }
        }
        expect(fault(spans)).toBe(shared ? "overlap" : undefined);
      }),
    );
    expect(fault([{ opens_minute: 600, closes_minute: 600 }])).toBe("empty");
    expect(fault([{ opens_minute: 602, closes_minute: 700 }])).toBe("grid");
  });

  it("a further span never makes a fault, and a copied day is the same on each day", () => {
    let hours: Open[] = [];
    for (let more = another(hours, 2); more; more = another(hours, 2)) hours = [...hours, more];
    expect(fault(hours)).toBeUndefined();
    const week = copyDay(hours, 2, WEEKDAYS);
    expect(weekMinutes(week)).toBe(7 * weekMinutes(hours));
    expect(copyDay(week, 2, [3])).toHaveLength(week.length);
  });
});

describe("text messages", () => {
  it("160 plain characters are one part, one character outside the alphabet makes it 70", () => {
    expect(smsLength("a".repeat(160))).toMatchObject({ parts: 1, left: 0, costly: [] });
    expect(smsLength("a".repeat(161))).toMatchObject({ parts: 2, left: 145 });
    expect(smsLength(`${"a".repeat(69)}ú`)).toMatchObject({ parts: 1, left: 0, costly: ["ú"] });
    expect(smsLength(`${"a".repeat(70)}ú`).parts).toBe(2);
    expect(smsLength("€".repeat(80)).parts).toBe(1);
    expect(smsLength("").parts).toBe(0);
  });

  it("what is filled in has no placeholder left", () => {
    expect(placeholders("Hi {first_name}, {when} {first_name}")).toEqual(["first_name", "when"]);
    expect(fill("Hi {first_name}{nobody}!", { first_name: "Ana" })).toBe("Hi Ana!");
  });
});
