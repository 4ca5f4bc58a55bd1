import { useCallback, useMemo, useRef } from "react";
import type { Appointment, Patient } from "../../api/client";
import { usePatientName, usePeople } from "../../api/people";
import { t } from "../../domain/i18n";
import { clashing, type Day, late, type State } from "../../domain/schedule";
import type { Card } from "./column";
import { type Office, type ScheduleDay, toVisit, typeName } from "./data";
import { w } from "./words";

export const FILTERS = ["toCome", "late", "unconfirmed", "waiting", "inChair", "ready", "done", "noShow"] as const;
export type Filter = (typeof FILTERS)[number];
const IN: Record<Exclude<Filter, "late">, readonly State[]> = {
  toCome: ["booked", "confirmed", "held"],
  unconfirmed: ["booked"],
  waiting: ["arrived"],
  inChair: ["seated", "doctor_ready", "doctor_in"],
  ready: ["doctor_ready"],
  done: ["done", "checked_out"],
  noShow: ["no_show"],
};
export const fits = (card: Pick<Card, "visit" | "late">, filter: Filter): boolean =>
  filter === "late" ? card.late !== undefined : IN[filter].includes(card.visit.state);

/** Everybody whom a day names, and how they are called. */
export function useNames(days: readonly (ScheduleDay | undefined)[]) {
  const key = days.flatMap((day) =>
    day
      ? [
          ...day.day_sheet.appointments.map((visit) => visit.patient_id),
          ...(day.waitlist?.waitlist_entries ?? []).map((entry) => entry.patient_id),
          ...(day.to_book?.cases ?? []).map((one) => one.patient_id),
        ]
      : [],
  );
  const ids = useRef<string[]>([]);
  if (key.length !== ids.current.length || key.some((id, n) => id !== ids.current[n])) ids.current = key;
  const { people, known } = usePeople(ids.current);
  const called = usePatientName();
  const nameOfPatient = useCallback(
    (patient: Patient | undefined) => (patient ? called(patient) : known ? w.schedule.somebody : "…"),
    [known, called],
  );
  const nameOf = useCallback((id: string) => nameOfPatient(people.get(id)), [people, nameOfPatient]);
  return { people, nameOf, nameOfPatient };
}
export type Names = ReturnType<typeof useNames>;

/** The visits of a day as they are shown. A visit that has not changed stays the same object, and is not drawn again. */
export function useCards(
  appointments: readonly Appointment[],
  day: Day,
  office: Office,
  { people, nameOf }: Names,
  now: number | undefined,
  filter?: Filter,
): Card[] {
  const kept = useRef(new Map<string, Card>());
  return useMemo(() => {
    const next = new Map<string, Card>();
    const clashes = clashing(day);
    for (const appointment of appointments) {
      if (appointment.state === "canceled") continue;
      const before = kept.current.get(appointment.id);
      const visit = before?.appointment === appointment ? before.visit : toVisit(appointment);
      const patient = people.get(visit.patientId);
      const card: Card = {
        visit,
        appointment,
        name: nameOf(visit.patientId),
        type: typeName(office.types.get(appointment.appointment_type_id), appointment),
        age: patient ? t.people.years(patient.age_years) : "",
        late: late(visit, now, day.hours),
        clash: clashes.has(visit.id),
        dimmed: false,
      };
      card.dimmed = filter !== undefined && !fits(card, filter);
      next.set(visit.id, before && same(before, card) ? before : card);
    }
    kept.current = next;
    return [...next.values()].sort((a, b) => a.visit.start - b.visit.start);
  }, [appointments, day, office.types, people, nameOf, now, filter]);
}

const same = (a: Card, b: Card) => (Object.keys(a) as (keyof Card)[]).every((key) => a[key] === b[key]);
