import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { usePrivacy } from "../app/places";
import { t } from "../domain/i18n";
import { ApiError, api, data, type Patient } from "./client";

/**
 * Patients by id; the names of a screen come in one question. Who was known stays known when the question changes or
 * is not answered. `find` gives null for somebody whom this person may not see, undefined before that is known.
 */
export function usePeople(ids: readonly string[]): {
  people: Map<string, Patient>;
  known: boolean;
  find: (id: string) => Patient | null | undefined;
} {
  const wanted = useMemo(() => [...new Set(ids)].sort(), [ids]);
  const { data: found, isSuccess } = useQuery({
    queryKey: ["people", ...wanted],
    queryFn: () => data(api.POST("/v1/patients/batch", { body: { patient_ids: wanted } })),
    enabled: wanted.length > 0,
    staleTime: 120_000,
    placeholderData: (before) => before,
  });
  const before = useRef(new Map<string, Patient>());
  const people = useMemo(() => {
    for (const patient of found?.patients ?? []) before.current.set(patient.id, patient);
    return new Map(before.current);
  }, [found]);
  const known = wanted.length === 0 || isSuccess;
  const find = useCallback((id: string) => people.get(id) ?? (known ? null : undefined), [people, known]);
  return { people, known, find };
}

/** How a patient is called on the screen: by the preferred name, and by the chart number in privacy view. */
export function usePatientName(): (patient: Patient) => string {
  const [privacy] = usePrivacy();
  return useCallback(
    (patient) =>
      privacy
        ? t.people.hidden(patient.chart_number)
        : `${patient.preferred_name || patient.first_name} ${patient.last_name}`,
    [privacy],
  );
}

/** The staff of the group; empty for those who may not see them. They seldom change. */
export function useStaff() {
  return useQuery({
    queryKey: ["staff"],
    queryFn: () =>
      data(api.GET("/v1/staff", { params: { query: { page_size: 200 } } }))
        .then((found) => found.staff)
        .catch((error) => {
          if (error instanceof ApiError && error.status === 403) return [];
          throw error;
        }),
    staleTime: 600_000,
  });
}
