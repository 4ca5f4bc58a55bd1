import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { type Appointment, type AppointmentType, api, type DaySheet, data, type Schemas } from "../../api/client";
import { useEvents, usePolling } from "../../api/events";
import { useStaff } from "../../api/people";
import type { operations } from "../../api/schema";
import type { Day, State, Visit } from "../../domain/schedule";
import { addDays, clock, minuteOf, wall } from "../../domain/time";
import { w } from "./words";

export type ScheduleDay = operations["screen_day"]["responses"][200]["content"]["application/json"];
export type TreatmentCase = Schemas["coordination.Case"];
export type Change = Schemas["scheduling.AppointmentChange"];

export const dayKey = (location: string, day: string) => ["day", location, day] as const;

const aDay = (location: string, day: string, polling: number | false) => ({
  queryKey: dayKey(location, day),
  queryFn: () =>
    data(api.GET("/v1/screens/days/{location_id}/{day}", { params: { path: { location_id: location, day } } })),
  refetchInterval: polling,
  refetchIntervalInBackground: false,
});

/** A day in one question: hours, chairs, doctors and visits, and who waits for a visit. */
export const useDay = (location: string, day: string) => useQuery(aDay(location, day, usePolling()));

/** The days of a week; each is kept as the day that it is, so that going there shows it at once. */
export function useDays(location: string, days: readonly string[]) {
  const polling = usePolling();
  return useQueries({ queries: days.map((day) => aDay(location, day, polling)) });
}

/** The types of visit and the names of the doctors: they seldom change. */
export function useOffice() {
  const types = useQuery({
    queryKey: ["types"],
    queryFn: () => data(api.GET("/v1/appointment-types")).then((found) => found.appointment_types),
    staleTime: 600_000,
  });
  const staff = useStaff(); // a doctor without a name is still a doctor
  return useMemo(() => {
    const people = new Map((staff.data ?? []).map((person) => [person.id, person]));
    const list = (types.data ?? []).filter((type) => type.active);
    return {
      types: new Map((types.data ?? []).map((type) => [type.id, type])),
      list,
      /** What somebody in treatment comes for when nothing else is said. */
      usual: list.find((type) => type.code === "adjustment") ?? list[0],
      doctorName: (id: string) => w.schedule.doctor(people.get(id)?.last_name ?? ""),
      shortName: (id: string) => (people.get(id)?.last_name ?? "Dr").slice(0, 3),
      staffName: (id: string) => {
        const person = people.get(id);
        return person ? `${person.first_name} ${person.last_name}` : w.panel.machine;
      },
    };
  }, [types.data, staff.data]);
}
export type Office = ReturnType<typeof useOffice>;

/** The day as the pure model knows it. */
export function toDay(sheet: DaySheet, capacity: ReadonlyMap<string, number>): Day {
  const present = new Map<string, { from: number; to: number }[]>();
  for (const visit of sheet.appointments) if (visit.provider_id) present.set(visit.provider_id, []);
  for (const shift of sheet.shifts) present.set(shift.provider_id, []);
  for (const shift of sheet.shifts) {
    if (!shift.start_time || !shift.end_time) continue;
    const span = {
      from: wall(shift.start_time, sheet.time_zone).minute,
      to: wall(shift.end_time, sheet.time_zone).minute,
    };
    present.get(shift.provider_id)?.push(span);
  }
  return {
    hours: sheet.hours.map((open) => ({ from: open.opens_minute, to: open.closes_minute })),
    chairs: sheet.chairs.filter((chair) => chair.active).map((chair) => ({ id: chair.id, kind: chair.kind ?? "" })),
    doctors: [...present].sort().map(([id, spans]) => ({ id, capacity: capacity.get(id) ?? 2, present: spans })),
    visits: sheet.appointments.filter((visit) => visit.state !== "canceled").map(toVisit),
  };
}

export const capacities = (day: ScheduleDay): Map<string, number> =>
  new Map((day.providers?.providers ?? []).map((provider) => [provider.id, provider.capacity]));

export const toVisit = (visit: Appointment): Visit => ({
  id: visit.id,
  patientId: visit.patient_id,
  chairId: visit.chair_id,
  providerId: visit.provider_id,
  start: minuteOf(visit.local_start),
  pattern: visit.pattern,
  state: (visit.state ?? "booked") as State,
});

/** What happened to a visit, the latest first. */
export function useChangesOf(visit: Appointment | undefined) {
  return useQuery({
    queryKey: ["changes", visit?.id, visit?.version],
    queryFn: () => changesOf(visit?.id ?? ""),
    enabled: visit !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: (before, query) => (query?.queryKey[1] === visit?.id ? before : undefined),
  });
}
export const changesOf = (id: string): Promise<Change[]> =>
  data(
    api.GET("/v1/appointments/{appointment_id}/changes", { params: { path: { appointment_id: id }, query: {} } }),
  ).then((found) => found.appointment_changes);

const TOGETHER_MS = 120;
const HEARD_ELSEWHERE_MS = 1_200;
/** Events after which somebody has a next visit, or none: the cases hear of them a moment later than the schedule. */
const NEXT_VISIT = /\.Appointment(Booked|Canceled|Missed|Completed|Restored)$/;

/** Hears of changes by others and reads the days again, once for what comes together. */
export function useLiveDay(location: string | undefined): void {
  const queries = useQueryClient();
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);
  const read = useCallback(() => void queries.invalidateQueries({ queryKey: ["day", location] }), [queries, location]);
  const readSoon = useCallback(() => {
    clearTimeout(soon.current);
    soon.current = setTimeout(read, TOGETHER_MS);
  }, [read]);
  useEffect(
    () => () => {
      clearTimeout(soon.current);
      clearTimeout(later.current);
    },
    [],
  );
  const onEvent = ({ type }: { type: string }) => {
    if (type.startsWith("scheduling.")) readSoon();
    if (!NEXT_VISIT.test(type)) return;
    clearTimeout(later.current);
    later.current = setTimeout(read, HEARD_ELSEWHERE_MS);
  };
  useEvents(location, onEvent, readSoon);
}

/** The first open day after one, by the weekly hours. */
export function useNextOpen(location: string, day: string): string | undefined {
  const { data: hours } = useQuery({
    queryKey: ["hours", location],
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/schedule", { params: { path: { location_id: location } } })).then(
        (found) => found.location_schedule?.hours ?? [],
      ),
    staleTime: 600_000,
  });
  if (!hours?.length) return undefined;
  for (let n = 1; n <= 14; n++) {
    const next = addDays(day, n);
    const weekday = new Date(`${next}T12:00:00Z`).getUTCDay() || 7;
    if (hours.some((open) => open.weekday === weekday)) return next;
  }
  return undefined;
}

export const typeName = (type: AppointmentType | undefined, visit: Appointment): string =>
  type?.name ?? visit.type_code;
export const timeRange = (start: number, minutes: number): string => `${clock(start)}–${clock(start + minutes)}`;
