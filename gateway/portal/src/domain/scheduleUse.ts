/** How full a day is: what a week shows of each of its days. Pure, like the schedule itself. */
import { type Day, type Doctor, demand, doctorLoad, end, minutes, type Span, UNIT, type Visit } from "./schedule";

const HALF_HOUR = 30;
const length = (spans: readonly Span[]) => spans.reduce((sum, span) => sum + span.to - span.from, 0);
const took = (visit: Visit) => visit.state !== "canceled" && visit.state !== "no_show";
const ratio = (part: number, whole: number) => (whole > 0 ? Math.min(1, part / whole) : 0);

/** The share of all chair time within the opening hours that is booked, 0 to 1. */
export const chairsUse = (day: Day): number =>
  ratio(
    day.visits.filter(took).reduce((sum, visit) => sum + minutes(visit), 0),
    length(day.hours) * day.chairs.length,
  );

/** The share of a doctor's presence that visits ask for, 0 to 1; two short checks at once are one doctor. */
export function doctorUse(doctor: Doctor, visits: readonly Visit[]): number {
  let asked = 0;
  for (const visit of visits) {
    if (visit.providerId !== doctor.id || !took(visit)) continue;
    for (const letter of visit.pattern) asked += demand(letter, doctor.capacity);
  }
  return ratio((asked / doctor.capacity) * UNIT, length(doctor.present));
}

/** Minutes in which doctors are needed in two places. */
export const clashMinutes = (day: Day): number =>
  day.doctors.reduce(
    (sum, doctor) =>
      sum + [...doctorLoad(doctor, day.visits).values()].filter((taken) => taken > doctor.capacity).length * UNIT,
    0,
  );

/** The share of the chairs that is taken, 0 to 1, for each half hour of a span. */
export function density(day: Day, range: Span): number[] {
  const found: number[] = [];
  for (let from = range.from; from < range.to; from += HALF_HOUR) {
    const to = from + HALF_HOUR;
    const taken = day.visits
      .filter(took)
      .reduce((sum, visit) => sum + Math.max(0, Math.min(end(visit), to) - Math.max(visit.start, from)), 0);
    found.push(ratio(taken, HALF_HOUR * day.chairs.length));
  }
  return found;
}

/** The seven days of the week, Monday first, in which a day lies. */
export function weekOf(day: string): string[] {
  const noon = new Date(`${day}T12:00:00Z`);
  const monday = noon.getTime() - ((noon.getUTCDay() + 6) % 7) * 86_400_000;
  return Array.from({ length: 7 }, (_, n) => new Date(monday + n * 86_400_000).toISOString().slice(0, 10));
}
