import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError, type AppointmentType, api, data, type Location, type Patient, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { wall } from "../../domain/time";

export type RelatedParty = Schemas["directory.RelatedParty"];
export type Case = Schemas["coordination.Case"];

export const patientKey = (id: string) => ["patient", id] as const;

export function usePatient(id: string) {
  return useQuery({
    queryKey: patientKey(id),
    queryFn: () =>
      data(api.GET("/v1/patients/{patient_id}", { params: { path: { patient_id: id } } })).then(
        (found) => found.patient as Patient,
      ),
    staleTime: 10_000,
  });
}

const NOWHERE: Location = { id: "", name: "", time_zone: "UTC", active: false } as Location;

/** The location that leads the treatment; times of the chart are told in its zone. */
export function useHome(patient: Patient): Location {
  const { data: found } = useQuery({
    queryKey: ["locations"],
    queryFn: () => data(api.GET("/v1/locations", { params: { query: { page_size: 200 } } })),
    staleTime: 300_000,
  });
  return found?.locations.find((place) => place.id === patient.home_location_id) ?? NOWHERE;
}

/** True if the permission is held where this patient is seen. */
export function useMayHere(patient: Patient): (permission: string) => boolean {
  const { may } = useSession();
  return (permission) => patient.location_ids.some((place) => may(permission, place));
}

export const todayAt = (zone: string): string => wall(new Date(), zone).day;

/** Those who answer for the patient, primary contact first. */
export function useParties(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["parties", patient.id],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/parties", {
          params: { path: { patient_id: patient.id }, query: { include_ended: true } },
        }),
      ).then((found) => found.parties),
    enabled,
    staleTime: 30_000,
  });
}

/** The cases of the patient in every state, the newest first. */
export function useCases(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["cases", patient.id],
    queryFn: () =>
      data(api.GET("/v1/cases", { params: { query: { patient_id: patient.id, page_size: 50 } } })).then((found) =>
        [...found.cases].sort((a, b) => (a.id < b.id ? 1 : -1)),
      ),
    enabled,
    staleTime: 30_000,
  });
}

/** The visits that are still to come, the next first. */
export function useComing(patient: Patient, today: string, enabled: boolean) {
  return useQuery({
    queryKey: ["coming", patient.id, today],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/appointments", {
          params: { path: { patient_id: patient.id }, query: { first_day: today, page_size: 50 } },
        }),
      ).then((found) =>
        found.appointments
          .filter((visit) => ["held", "booked", "confirmed"].includes(visit.state ?? ""))
          .sort((a, b) => a.local_start.localeCompare(b.local_start)),
      ),
    enabled,
    staleTime: 30_000,
  });
}

export function useBalance(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["balance", patient.id],
    queryFn: () => data(api.GET("/v1/patients/{patient_id}/balance", { params: { path: { patient_id: patient.id } } })),
    enabled,
    staleTime: 15_000,
  });
}

/** True when the server says that there is no such thing, or that it is not the caller's. */
export const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** The types of visit by id. They seldom change. */
export function useVisitTypes(): Map<string, AppointmentType> {
  const { data: types } = useQuery({
    queryKey: ["types"],
    queryFn: () => data(api.GET("/v1/appointment-types")).then((found) => found.appointment_types),
    staleTime: 600_000,
  });
  return useMemo(() => new Map((types ?? []).map((type) => [type.id, type])), [types]);
}
