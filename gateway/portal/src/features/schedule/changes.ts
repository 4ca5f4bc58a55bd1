import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { ApiError, type Appointment, api, data, ifMatch, once, type WaitlistEntry } from "../../api/client";
import { refusal } from "../../api/refusal";
import { AFTER, type Place, type Step } from "../../domain/schedule";
import { moment } from "../../domain/time";
import { changesOf, type ScheduleDay } from "./data";
import type { Unbooked } from "./proposal";
import { w } from "./words";

export type Action = Step | "confirm" | "no-show";
export type Reason = keyof typeof w.cancel.reasons;
type Answer = { appointment?: Appointment | null };

const target = (visit: Appointment) => ({
  params: { path: { appointment_id: visit.id }, header: ifMatch(visit.version) },
  body: {},
});
const sent = (call: Promise<{ data?: Answer; error?: unknown; response: Response }>): Promise<Appointment> =>
  data(call).then((answer) => answer.appointment as Appointment);

const ACTIONS: Record<Action, (visit: Appointment) => Promise<Appointment>> = {
  confirm: (v) => sent(api.POST("/v1/appointments/{appointment_id}/confirm", target(v))),
  "check-in": (v) => sent(api.POST("/v1/appointments/{appointment_id}/check-in", target(v))),
  seat: (v) => sent(api.POST("/v1/appointments/{appointment_id}/seat", target(v))),
  "call-doctor": (v) => sent(api.POST("/v1/appointments/{appointment_id}/call-doctor", target(v))),
  "doctor-arrived": (v) => sent(api.POST("/v1/appointments/{appointment_id}/doctor-arrived", target(v))),
  dismiss: (v) => sent(api.POST("/v1/appointments/{appointment_id}/dismiss", target(v))),
  "check-out": (v) => sent(api.POST("/v1/appointments/{appointment_id}/check-out", target(v))),
  "no-show": (v) => sent(api.POST("/v1/appointments/{appointment_id}/no-show", target(v))),
};

const after = (action: Action): NonNullable<Appointment["state"]> =>
  action === "confirm" ? "confirmed" : action === "no-show" ? "no_show" : AFTER[action];
const STAMPS: Partial<Record<Action, keyof Appointment>> = { "check-in": "arrive_time", "call-doctor": "call_time" };

/** Another time of the day, written as the API writes `local_start`. */
const localStart = (day: string, minute: number) =>
  `${day}T${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00`;

/** Where a visit is to go; `overlap` accepts that the doctor is needed in two places. */
export interface Target {
  location_id: string;
  start_time: string;
  chair_id: string;
  provider_id: string;
  overlap?: boolean;
}
const body = ({ provider_id, overlap, ...where }: Target) => ({
  ...where,
  ...(provider_id ? { provider_id } : {}),
  ...(overlap ? { accept_doctor_overlap: true } : {}),
});

export const reschedule = (visit: Appointment, to: Target): Promise<Appointment> =>
  sent(api.POST("/v1/appointments/{appointment_id}/reschedule", { ...target(visit), body: body(to) }));

export interface NewVisit extends Target {
  patient_id: string;
  case_id?: string;
  appointment_type_id: string;
  note?: string;
}
export const book = (visit: NewVisit): Promise<Appointment> =>
  sent(
    api.POST("/v1/appointments", {
      params: { header: once() },
      body: {
        ...body(visit),
        patient_id: visit.patient_id,
        appointment_type_id: visit.appointment_type_id,
        ...(visit.case_id ? { case_id: visit.case_id } : {}),
        ...(visit.note ? { note: visit.note } : {}),
      },
    }),
  );

const cancel = (visit: Appointment, reason: Reason): Promise<Appointment> =>
  sent(
    api.POST("/v1/appointments/{appointment_id}/cancel", {
      ...target(visit),
      body: { reason, canceled_by: reason === "practice" ? "practice" : "patient" },
    }),
  );

const leaveList = (entry: WaitlistEntry) =>
  data(
    api.POST("/v1/waitlist/{waitlist_entry_id}/leave", {
      params: { path: { waitlist_entry_id: entry.id }, header: ifMatch(entry.version) },
      body: { placed: true },
    }),
  );
const joinList = (entry: WaitlistEntry) =>
  data(
    api.POST("/v1/waitlist", {
      params: { header: once() },
      body: {
        patient_id: entry.patient_id,
        appointment_type_id: entry.appointment_type_id,
        location_ids: entry.location_ids,
        weekdays: entry.weekdays,
        from_minute: entry.from_minute,
        to_minute: entry.to_minute,
        earliest_day: entry.earliest_day,
        notice_minutes: entry.notice_minutes,
        priority: entry.priority,
        note: entry.note,
        ...(entry.due_day ? { due_day: entry.due_day } : {}),
        ...(entry.case_id ? { case_id: entry.case_id } : {}),
      },
    }),
  );

/** Words for a refusal of a change; when somebody was faster, who that was. */
export async function explain(error: unknown, visit: Appointment, nameOf: (staffId: string) => string) {
  const overtaken = error instanceof ApiError && ["STALE_VERSION", "ILLEGAL_STATE"].includes(error.reason);
  const [last] = overtaken ? await changesOf(visit.id).catch(() => []) : [];
  return last && last.version > visit.version ? w.changedBy(nameOf(last.staff_id)) : refusal(error, w.refusals);
}

/**
 * Shows a visit as given wherever its day is on the screen. An older version never replaces a newer one, which may have
 * been heard of meanwhile.
 */
function put(queries: QueryClient, location: string, visit: Appointment): void {
  for (const [key, shown] of queries.getQueriesData<ScheduleDay>({ queryKey: ["day", location] })) {
    if (!shown) continue;
    const sheet = shown.day_sheet;
    const known = sheet.appointments.find((other) => other.id === visit.id);
    if (known && known.version > visit.version) continue;
    const here = visit.day === key[2] && visit.location_id === location && visit.state !== "canceled";
    if (!known && !here) continue;
    const others = sheet.appointments.filter((other) => other.id !== visit.id);
    queries.setQueryData<ScheduleDay>(key, {
      ...shown,
      day_sheet: { ...sheet, appointments: here ? [...others, visit] : others },
    });
  }
}

/** The changes of a location's days. Each shows at once and is taken back when the gateway refuses it. */
export function useChanges(location: string, day: string, zone: string) {
  const queries = useQueryClient();
  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: ["day", location] }), [queries, location]);
  const optimistic = useCallback(
    async (before: Appointment, shown: Appointment, send: () => Promise<Appointment>): Promise<Appointment> => {
      await queries.cancelQueries({ queryKey: ["day", location] });
      put(queries, location, shown);
      try {
        const answer = await send();
        put(queries, location, answer);
        return answer;
      } catch (error) {
        put(queries, location, before);
        void refresh();
        throw error;
      }
    },
    [queries, location, refresh],
  );

  return useMemo(() => {
    const at = (to: Place, providerId: string, overlap = false): Target => ({
      location_id: location,
      start_time: moment(day, to.start, zone).toISOString(),
      chair_id: to.chairId,
      provider_id: providerId,
      overlap,
    });
    return {
      step: (visit: Appointment, action: Action) => {
        const stamp = STAMPS[action];
        const now = stamp ? { [stamp]: new Date().toISOString() } : {};
        return optimistic(visit, { ...visit, state: after(action), ...now }, () => ACTIONS[action](visit));
      },
      move: (visit: Appointment, to: Place, providerId: string, overlap = false) => {
        const where = at(to, providerId, overlap);
        const { overlap: doctor_overlap, ...columns } = where;
        const shown = { ...visit, ...columns, doctor_overlap: doctor_overlap ?? false, day };
        return optimistic(visit, { ...shown, local_start: localStart(day, to.start) }, () => reschedule(visit, where));
      },
      cancel: (visit: Appointment, reason: Reason) =>
        optimistic(visit, { ...visit, state: "canceled" }, () => cancel(visit, reason)),
      /** Takes back what was done last; `visit` is as it is now, `was` as it will be again, where that is known. */
      takeBack: (visit: Appointment, was?: Appointment) =>
        optimistic(visit, was ? { ...was, version: visit.version } : visit, () =>
          sent(api.POST("/v1/appointments/{appointment_id}/take-back", target(visit))),
        ),
      /** Books somebody who had no visit into this day, and off the waiting list. */
      bookUnbooked: async (who: Unbooked, to: Place, providerId: string, overlap = false) => {
        const visit = await book({
          ...at(to, providerId, overlap),
          patient_id: who.patientId,
          appointment_type_id: who.typeId,
          case_id: who.caseId,
        });
        put(queries, location, visit);
        if (who.entry) await leaveList(who.entry).catch(() => undefined); // somebody else took it off: just as well
        void refresh();
        return visit;
      },
      /** The booking was a slip: the visit goes, and whoever waited waits again. */
      unbook: async (visit: Appointment, who: Unbooked) => {
        await optimistic(visit, { ...visit, state: "canceled" }, () => cancel(visit, "practice"));
        if (who.entry) await joinList(who.entry);
        void refresh();
      },
      refresh,
      seen: (visit: Appointment) => put(queries, location, visit),
    };
  }, [optimistic, queries, location, day, zone, refresh]);
}
export type Changes = ReturnType<typeof useChanges>;
