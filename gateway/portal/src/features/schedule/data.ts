import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import {
  ApiError,
  type Appointment,
  type AppointmentType,
  api,
  type DaySheet,
  data,
  ifMatch,
  once,
} from "../../api/client";
import { useEvents } from "../../api/events";
import { useStaff } from "../../api/people";
import { t } from "../../domain/i18n";
import { AFTER, type Day, type Place, type State, type Step, type Visit } from "../../domain/schedule";
import { addDays, clock, minuteOf, moment, wall } from "../../domain/time";

export const dayKey = (location: string, day: string) => ["day", location, day] as const;

export function useDaySheet(location: string, day: string) {
  return useQuery({
    queryKey: dayKey(location, day),
    queryFn: () =>
      data(
        api.GET("/v1/locations/{location_id}/day-sheet", {
          params: { path: { location_id: location }, query: { day } },
        }),
      ),
    refetchInterval: 20_000,
    refetchIntervalInBackground: false,
  });
}

/** The types of visit and the doctors of the group: they seldom change. */
export function useOffice(location: string) {
  const types = useQuery({
    queryKey: ["types"],
    queryFn: () => data(api.GET("/v1/appointment-types")).then((found) => found.appointment_types),
    staleTime: 600_000,
  });
  const providers = useQuery({
    queryKey: ["providers", location],
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/providers", { params: { path: { location_id: location } } })).then(
        (found) => found.providers,
      ),
    staleTime: 600_000,
  });
  const staff = useStaff(); // a doctor without a name is still a doctor
  return useMemo(() => {
    const names = new Map((staff.data ?? []).map((person) => [person.id, person.last_name]));
    return {
      types: new Map((types.data ?? []).map((type) => [type.id, type])),
      list: (types.data ?? []).filter((type) => type.active),
      capacity: new Map((providers.data ?? []).map((provider) => [provider.id, provider.capacity])),
      doctorName: (id: string) => t.schedule.doctor(names.get(id) ?? ""),
      shortName: (id: string) => (names.get(id) ?? "Dr").slice(0, 3),
    };
  }, [types.data, providers.data, staff.data]);
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

export const toVisit = (visit: Appointment): Visit => ({
  id: visit.id,
  patientId: visit.patient_id,
  chairId: visit.chair_id,
  providerId: visit.provider_id,
  start: minuteOf(visit.local_start),
  pattern: visit.pattern,
  state: (visit.state ?? "booked") as State,
});

/** Another time of the day, written as the API writes `local_start`. */
const localStart = (day: string, minute: number) =>
  `${day}T${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00`;

const target = (visit: Appointment) => ({
  params: { path: { appointment_id: visit.id }, header: ifMatch(visit.version) },
  body: {},
});

const STEPS: Record<Step | "confirm" | "no-show", (visit: Appointment) => Promise<Appointment>> = {
  confirm: (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/confirm", target(v))).then((r) => r.appointment as Appointment),
  "check-in": (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/check-in", target(v))).then((r) => r.appointment as Appointment),
  seat: (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/seat", target(v))).then((r) => r.appointment as Appointment),
  "call-doctor": (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/call-doctor", target(v))).then(
      (r) => r.appointment as Appointment,
    ),
  "doctor-arrived": (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/doctor-arrived", target(v))).then(
      (r) => r.appointment as Appointment,
    ),
  dismiss: (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/dismiss", target(v))).then((r) => r.appointment as Appointment),
  "check-out": (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/check-out", target(v))).then((r) => r.appointment as Appointment),
  "no-show": (v) =>
    data(api.POST("/v1/appointments/{appointment_id}/no-show", target(v))).then((r) => r.appointment as Appointment),
};

/** Shows a visit as given wherever its day is on the screen; a newer version is never overwritten by an older one. */
function put(queries: QueryClient, location: string, day: string, visit: Appointment): void {
  queries.setQueryData<DaySheet>(dayKey(location, day), (sheet) => {
    if (!sheet) return sheet;
    const others = sheet.appointments.filter((other) => other.id !== visit.id);
    const here = visit.day === day && visit.location_id === location && visit.state !== "canceled";
    return { ...sheet, appointments: here ? [...others, visit] : others };
  });
}

/** Words for a refusal, made for people. */
export function refusal(error: unknown): string {
  const known = error instanceof ApiError ? t.refusals[error.reason] : undefined;
  return known ?? t.refused;
}

/** The changes of a day. Each shows at once and is taken back when the gateway refuses it. */
export function useChanges(location: string, day: string, zone: string) {
  const queries = useQueryClient();
  const optimistic = useCallback(
    async (before: Appointment, after: Appointment, send: () => Promise<Appointment>): Promise<Appointment> => {
      await queries.cancelQueries({ queryKey: dayKey(location, day) });
      put(queries, location, day, after);
      try {
        const answer = await send();
        put(queries, location, day, answer);
        return answer;
      } catch (error) {
        put(queries, location, day, before);
        void queries.invalidateQueries({ queryKey: dayKey(location, day) });
        throw error;
      }
    },
    [queries, location, day],
  );

  return useMemo(
    () => ({
      step: (visit: Appointment, step: Step | "confirm" | "no-show") => {
        const state = step === "confirm" ? "confirmed" : step === "no-show" ? "no_show" : AFTER[step];
        const now = new Date().toISOString();
        const stamp = step === "check-in" ? { arrive_time: now } : step === "call-doctor" ? { call_time: now } : {};
        return optimistic(visit, { ...visit, state, ...stamp }, () => STEPS[step](visit));
      },
      move: (visit: Appointment, to: Place, providerId: string) => {
        const start = moment(day, to.start, zone).toISOString();
        const after = {
          ...visit,
          chair_id: to.chairId,
          provider_id: providerId,
          start_time: start,
          local_start: localStart(day, to.start),
        };
        return optimistic(visit, after, () => reschedule(visit, location, start, to.chairId, providerId));
      },
      /** Brings a visit back to where it was; `visit` is as it is now. */
      moveBack: (visit: Appointment, was: Appointment) =>
        optimistic(visit, { ...was, version: visit.version }, () =>
          reschedule(visit, was.location_id, was.start_time as string, was.chair_id, was.provider_id),
        ),
      cancel: (visit: Appointment, reason: "patient" | "illness" | "weather" | "practice" | "other") => {
        const canceled_by = reason === "practice" ? "practice" : "patient";
        return optimistic(visit, { ...visit, state: "canceled" }, () =>
          data(
            api.POST("/v1/appointments/{appointment_id}/cancel", {
              params: { path: { appointment_id: visit.id }, header: ifMatch(visit.version) },
              body: { reason, canceled_by },
            }),
          ).then((answer) => answer.appointment as Appointment),
        );
      },
      refresh: () => queries.invalidateQueries({ queryKey: ["day"] }),
      seen: (visit: Appointment) => put(queries, location, day, visit),
    }),
    [optimistic, queries, location, day, zone],
  );
}
export type Changes = ReturnType<typeof useChanges>;

export const reschedule = (
  visit: Appointment,
  location_id: string,
  start_time: string,
  chair_id: string,
  provider_id: string,
) =>
  data(
    api.POST("/v1/appointments/{appointment_id}/reschedule", {
      params: { path: { appointment_id: visit.id }, header: ifMatch(visit.version) },
      body: { location_id, start_time, chair_id, ...(provider_id ? { provider_id } : {}) },
    }),
  ).then((answer) => answer.appointment as Appointment);

export interface NewVisit {
  location_id: string;
  patient_id: string;
  case_id?: string;
  appointment_type_id: string;
  start_time: string;
  chair_id: string;
  provider_id?: string;
  note?: string;
}
export const book = (visit: NewVisit) =>
  data(api.POST("/v1/appointments", { params: { header: once() }, body: visit })).then(
    (answer) => answer.appointment as Appointment,
  );

/** Hears of changes by others and reads the day again, once for what comes together. */
export function useLiveDay(location: string | undefined): void {
  const queries = useQueryClient();
  const pending = useMemo(() => ({ timer: undefined as ReturnType<typeof setTimeout> | undefined }), []);
  const read = useCallback(() => {
    clearTimeout(pending.timer);
    pending.timer = setTimeout(() => {
      void queries.invalidateQueries({ queryKey: ["day", location] });
      void queries.invalidateQueries({ queryKey: ["waitlist", location] });
    }, 120);
  }, [queries, pending, location]);
  useEvents(location, (event) => event.type.startsWith("scheduling.") && read(), read);
}

export function useWaitlist(location: string, enabled: boolean) {
  return useQuery({
    queryKey: ["waitlist", location],
    queryFn: () =>
      data(api.GET("/v1/waitlist", { params: { query: { location_id: location, page_size: 20 } } })).then(
        (found) => found.waitlist_entries,
      ),
    enabled,
    staleTime: 60_000,
  });
}

/** The first open day after one, by the weekly hours. */
export function useNextOpen(location: string, day: string, enabled: boolean): string | undefined {
  const { data: hours } = useQuery({
    queryKey: ["hours", location],
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/schedule", { params: { path: { location_id: location } } })).then(
        (found) => found.location_schedule?.hours ?? [],
      ),
    enabled,
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
