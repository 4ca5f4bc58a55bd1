/**
 * One day at one location, and what would happen if a visit were elsewhere. Pure: no clock, no network, no React.
 *
 * The rules are those of the scheduling service, which has the last word; here they let the screen answer during a drag.
 * A pattern has one letter for every 5 minutes: A assistant, d the doctor's short check, D the doctor wholly, T the
 * doctor without an assistant, C the chair only.
 */

export const UNIT = 5;

export type State =
  | "held"
  | "booked"
  | "confirmed"
  | "arrived"
  | "seated"
  | "doctor_ready"
  | "doctor_in"
  | "done"
  | "checked_out"
  | "canceled"
  | "no_show";

export interface Visit {
  id: string;
  patientId: string;
  chairId: string;
  providerId: string;
  /** Minute of the day. */
  start: number;
  pattern: string;
  state: State;
}

export interface Span {
  from: number;
  to: number;
}

export interface Doctor {
  id: string;
  /** Short checks within the same 5 minutes. */
  capacity: number;
  present: Span[];
}

export interface Day {
  hours: Span[];
  chairs: { id: string; kind: string }[];
  doctors: Doctor[];
  visits: Visit[];
}

export interface Place {
  chairId: string;
  start: number;
}

export type Refusal =
  | { reason: "OUTSIDE_HOURS" }
  | { reason: "NO_DOCTOR"; minute: number }
  | {
      reason: "DOCTOR_TAKEN";
      doctorId: string;
      minute: number;
      visit: Visit | undefined;
      /** Whoever may double-book the doctor can do so here: never beyond twice what the doctor can do. */
      bearable: boolean;
    }
  | { reason: "CHAIR_TAKEN"; visit: Visit }
  | { reason: "CHAIR_UNFIT" }
  | { reason: "PATIENT_TAKEN"; visit: Visit }
  | { reason: "STARTED" };

/** What a move would mean; `doctorId` is who would see the patient, "" when nobody has to. */
export type Verdict =
  | { fits: true; doctorId: string; doctorChanges: boolean }
  | ({ fits: false; doctorId: string } & Refusal);

const GONE: ReadonlySet<State> = new Set<State>(["done", "checked_out", "canceled", "no_show"]);
const MOVABLE: ReadonlySet<State> = new Set<State>(["held", "booked", "confirmed"]);

/** True while a visit takes its chair, its doctor and its patient. */
export const holds = (visit: Visit): boolean => !GONE.has(visit.state);
export const movable = (visit: Visit): boolean => MOVABLE.has(visit.state);
export const minutes = (visit: Pick<Visit, "pattern">): number => visit.pattern.length * UNIT;
export const end = (visit: Visit): number => visit.start + minutes(visit);
export const overlap = (a: Visit, b: Visit): boolean => a.start < end(b) && b.start < end(a);
export const needsDoctor = (pattern: string): boolean => /[dDT]/.test(pattern);

/** How much of a doctor one letter takes, out of `capacity`. */
export const demand = (letter: string | undefined, capacity: number): number =>
  letter === "d" ? 1 : letter === "D" || letter === "T" ? capacity : 0;

/** What a doctor is asked for in every 5 minutes, by minute of the day. More than the capacity is a clash. */
export function doctorLoad(doctor: Doctor, visits: readonly Visit[]): Map<number, number> {
  const load = new Map<number, number>();
  for (const visit of visits) {
    if (visit.providerId !== doctor.id || !holds(visit)) continue;
    for (let unit = 0; unit < visit.pattern.length; unit++) {
      const taken = demand(visit.pattern[unit], doctor.capacity);
      const minute = visit.start + unit * UNIT;
      if (taken) load.set(minute, (load.get(minute) ?? 0) + taken);
    }
  }
  return load;
}

const within = (from: number, to: number, spans: readonly Span[]): boolean =>
  spans.some((span) => span.from <= from && to <= span.to);

/**
 * The first 5 minutes of a visit in which the doctor is away or asked for more than `times` of what the doctor can do;
 * undefined when it fits.
 */
function trouble(
  doctor: Doctor,
  visit: Visit,
  others: readonly Visit[],
  times = 1,
): { minute: number; away: boolean } | undefined {
  const load = doctorLoad(doctor, others);
  for (let unit = 0; unit < visit.pattern.length; unit++) {
    const wanted = demand(visit.pattern[unit], doctor.capacity);
    const minute = visit.start + unit * UNIT;
    if (!wanted) continue;
    if (!within(minute, minute + UNIT, doctor.present)) return { minute, away: true };
    if ((load.get(minute) ?? 0) + wanted > doctor.capacity * times) return { minute, away: false };
  }
  return undefined;
}

/** Judges a visit at a place. `chairKinds` are those its type may use; none means any. */
export function judge(day: Day, visit: Visit, to: Place, chairKinds: readonly string[] = []): Verdict {
  const moved = { ...visit, ...to };
  const keep = visit.providerId;
  if (!movable(visit)) return { fits: false, doctorId: keep, reason: "STARTED" };
  if (!within(moved.start, end(moved), day.hours)) return { fits: false, doctorId: keep, reason: "OUTSIDE_HOURS" };
  const others = day.visits.filter((other) => other.id !== visit.id && holds(other));
  const inChair = others.find((other) => other.chairId === to.chairId && overlap(other, moved));
  if (inChair) return { fits: false, doctorId: keep, reason: "CHAIR_TAKEN", visit: inChair };
  const kind = day.chairs.find((chair) => chair.id === to.chairId)?.kind;
  if (chairKinds.length && kind && !chairKinds.includes(kind)) {
    return { fits: false, doctorId: keep, reason: "CHAIR_UNFIT" };
  }
  const elsewhere = others.find((other) => other.patientId === visit.patientId && overlap(other, moved));
  if (elsewhere) return { fits: false, doctorId: keep, reason: "PATIENT_TAKEN", visit: elsewhere };
  if (!needsDoctor(visit.pattern)) return { fits: true, doctorId: "", doctorChanges: false };
  return withDoctor(day, moved, keep, others);
}

function withDoctor(day: Day, moved: Visit, keep: string, others: readonly Visit[]): Verdict {
  const first = day.doctors.find((doctor) => doctor.id === keep);
  const ordered = first ? [first, ...day.doctors.filter((doctor) => doctor !== first)] : day.doctors;
  let refusal: Verdict = { fits: false, doctorId: keep, reason: "NO_DOCTOR", minute: moved.start };
  let away = true;
  for (const doctor of ordered) {
    const found = trouble(doctor, moved, others);
    if (!found) return { fits: true, doctorId: doctor.id, doctorChanges: keep !== "" && doctor.id !== keep };
    if (away && !found.away) {
      away = false;
      const visit = others.find(
        (other) =>
          other.providerId === doctor.id &&
          demand(other.pattern[(found.minute - other.start) / UNIT], doctor.capacity) > 0,
      );
      const bearable = !trouble(doctor, moved, others, 2);
      refusal = { fits: false, doctorId: doctor.id, reason: "DOCTOR_TAKEN", minute: found.minute, visit, bearable };
    } else if (away) {
      refusal = { fits: false, doctorId: keep, reason: "NO_DOCTOR", minute: found.minute };
    }
  }
  return refusal;
}

/** The first place at or after a minute where a visit fits, the earliest time first, then the order of the chairs. */
export function findPlace(day: Day, visit: Visit, from: number, chairKinds: readonly string[] = []): Place | undefined {
  const first = Math.ceil(from / UNIT) * UNIT;
  const last = Math.max(0, ...day.hours.map((span) => span.to));
  for (let start = first; start < last; start += UNIT) {
    for (const chair of day.chairs) {
      const to = { chairId: chair.id, start };
      if (judge(day, visit, to, chairKinds).fits) return to;
    }
  }
  return undefined;
}

/** What of the opening hours of a chair is booked, 0 to 1. */
export function chairUse(day: Day, chairId: string): number {
  const open = day.hours.reduce((sum, span) => sum + span.to - span.from, 0);
  const booked = day.visits
    .filter((visit) => visit.chairId === chairId && visit.state !== "no_show" && visit.state !== "canceled")
    .reduce((sum, visit) => sum + minutes(visit), 0);
  return open ? Math.min(1, booked / open) : 0;
}

/** The visits that ask for a doctor when the doctor is asked for too much. */
export function clashing(day: Day): Set<string> {
  const found = new Set<string>();
  for (const doctor of day.doctors) {
    const load = doctorLoad(doctor, day.visits);
    for (const visit of day.visits) {
      if (visit.providerId !== doctor.id || !holds(visit)) continue;
      const meets = [...visit.pattern].some(
        (letter, unit) =>
          demand(letter, doctor.capacity) > 0 && (load.get(visit.start + unit * UNIT) ?? 0) > doctor.capacity,
      );
      if (meets) found.add(visit.id);
    }
  }
  return found;
}

/** From when on somebody who has not come is late. */
export const LATE_MINUTES = 5;
/** How late the patient is, in minutes; undefined while nobody is missed, and once the day is over. */
export function late(visit: Visit, now: number | undefined, hours: readonly Span[]): number | undefined {
  const waited = visit.state === "booked" || visit.state === "confirmed";
  if (now === undefined || !waited || now - visit.start < LATE_MINUTES) return undefined;
  return hours.some((span) => now < span.to) ? now - visit.start : undefined;
}

/** The part of the day that a screen shows: the opening hours and whatever lies outside them, on full half hours. */
export function shown(day: Day): Span {
  const starts = [...day.hours.map((span) => span.from), ...day.visits.map((visit) => visit.start)];
  const ends = [...day.hours.map((span) => span.to), ...day.visits.map(end)];
  if (!starts.length) return { from: 480, to: 1020 };
  return { from: Math.floor(Math.min(...starts) / 30) * 30, to: Math.ceil(Math.max(...ends) / 30) * 30 };
}

/** What the desk does next with a visit, as the API calls it; undefined when there is nothing. */
export type Step = "check-in" | "seat" | "call-doctor" | "doctor-arrived" | "dismiss" | "check-out";

export function nextSteps(visit: Visit): Step[] {
  switch (visit.state) {
    case "booked":
    case "confirmed":
      return ["check-in"];
    case "arrived":
      return ["seat"];
    case "seated":
      return needsDoctor(visit.pattern) ? ["call-doctor", "dismiss"] : ["dismiss"];
    case "doctor_ready":
      return ["doctor-arrived"];
    case "doctor_in":
      return ["dismiss", "call-doctor"];
    case "done":
      return ["check-out"];
    default:
      return [];
  }
}

export const AFTER: Record<Step, State> = {
  "check-in": "arrived",
  seat: "seated",
  "call-doctor": "doctor_ready",
  "doctor-arrived": "doctor_in",
  dismiss: "done",
  "check-out": "checked_out",
};
