/** Opening hours of a week, and times as people write them. Pure. */
import { UNIT } from "./schedule";

export interface Open {
  weekday: number;
  opens_minute: number;
  closes_minute: number;
}

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;

/** "08:30", as a time field has it; 24:00, the end of the day, is written 23:59 there. */
export const timeText = (minute: number): string =>
  minute >= 1440
    ? "23:59"
    : `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** The minute of the day of a time field, or undefined when it is empty. */
export function minuteOfText(text: string): number | undefined {
  const found = /^(\d{2}):(\d{2})/.exec(text);
  if (!found) return undefined;
  const minute = Number(found[1]) * 60 + Number(found[2]);
  return minute === 1439 ? 1440 : minute;
}

export type HoursFault = "empty" | "overlap" | "grid";

/** What is wrong with the hours of a day: a span that ends before it begins, two that overlap, minutes off the grid. */
export function fault(spans: readonly Pick<Open, "opens_minute" | "closes_minute">[]): HoursFault | undefined {
  if (spans.some((span) => span.opens_minute % UNIT || span.closes_minute % UNIT)) return "grid";
  if (spans.some((span) => span.closes_minute <= span.opens_minute)) return "empty";
  const sorted = [...spans].sort((a, b) => a.opens_minute - b.opens_minute);
  return sorted.some((span, index) => index > 0 && span.opens_minute < (sorted[index - 1]?.closes_minute ?? 0))
    ? "overlap"
    : undefined;
}

/** Where a further span of a day goes: an hour after the last, or 8 to 17 on an empty day; undefined when it is full. */
export function another(spans: readonly Open[], weekday: number): Open | undefined {
  const last = Math.max(0, ...spans.filter((span) => span.weekday === weekday).map((span) => span.closes_minute));
  if (!last) return { weekday, opens_minute: 480, closes_minute: 1020 };
  const opens = last + 60;
  return opens + 60 <= 1440 ? { weekday, opens_minute: opens, closes_minute: Math.min(1440, opens + 240) } : undefined;
}

/** The same hours on other days. */
export function copyDay(hours: readonly Open[], from: number, to: readonly number[]): Open[] {
  const copied = hours.filter((span) => span.weekday === from);
  return [
    ...hours.filter((span) => span.weekday === from || !to.includes(span.weekday)),
    ...to.filter((weekday) => weekday !== from).flatMap((weekday) => copied.map((span) => ({ ...span, weekday }))),
  ];
}

/** Hours in a week. */
export const weekMinutes = (hours: readonly Open[]): number =>
  hours.reduce((sum, span) => sum + Math.max(0, span.closes_minute - span.opens_minute), 0);
