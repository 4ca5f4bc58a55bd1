import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { type Appointment, api, data, type Location, type Schemas } from "../../api/client";
import { type Happened, useEvents, usePolling } from "../../api/events";
import { addDays, wall } from "../../domain/time";

export type Readiness = Schemas["records.Readiness"];
export type Standing = Schemas["insurance.CoverageStanding"];
type State = NonNullable<Appointment["state"]>;

/** Everything that My day reads stands below this key. */
export const MY_DAY = "my-day";
export const todayAt = (place: Location): string => wall(new Date(), place.time_zone).day;

/** Visits of several locations in a span of days, counted from each location's own today. */
export function useVisits(
  places: readonly Location[],
  name: string,
  span: (today: string) => { first: string; last: string },
  states: readonly State[],
  enabled: boolean,
) {
  const every = usePolling();
  return useQueries({
    queries: places.map((place) => {
      const { first, last } = span(todayAt(place));
      const query = { location_id: place.id, first_day: first, last_day: last, states: [...states], page_size: 200 };
      return {
        queryKey: [MY_DAY, "scheduling", name, place.id, first, last],
        queryFn: () => data(api.GET("/v1/appointments", { params: { query } })).then((found) => found.appointments),
        enabled,
        refetchInterval: every,
      };
    }),
    combine: (results) => ({
      visits: results.flatMap((result) => result.data ?? []).sort((a, b) => (a.local_start < b.local_start ? -1 : 1)),
      pending: enabled && results.some((result) => result.isPending),
      error: results.find((result) => result.isError && !result.data)?.error,
      again: () => {
        for (const result of results) void result.refetch();
      },
    }),
  });
}

/** One list of My day. `service` is the one whose events make it read again. */
export function useList<T>(service: string, name: readonly unknown[], read: () => Promise<T>, enabled: boolean) {
  return useQuery({
    queryKey: [MY_DAY, service, ...name],
    queryFn: read,
    enabled,
    refetchInterval: usePolling(),
  });
}

/** Types of visit by id. */
export function useTypes() {
  const types = useQuery({
    queryKey: ["types"],
    queryFn: () => data(api.GET("/v1/appointment-types")).then((found) => found.appointment_types),
    staleTime: 600_000,
  });
  return useMemo(() => new Map((types.data ?? []).map((type) => [type.id, type])), [types.data]);
}

/** What the charts of patients lack, and whether their benefits are known. */
export function useReadiness(patientIds: readonly string[], enabled: { records: boolean; insurance: boolean }) {
  const ids = [...new Set(patientIds)].sort();
  const body = { patient_ids: ids };
  const records = useList(
    "records",
    ["readiness", ...ids],
    () => data(api.POST("/v1/readiness", { body })).then((found) => found.readiness),
    enabled.records && ids.length > 0,
  );
  const insurance = useList(
    "insurance",
    ["standing", ...ids],
    () => data(api.POST("/v1/coverages/standing", { body })).then((found) => found.standings),
    enabled.insurance && ids.length > 0,
  );
  return {
    ready: new Map((records.data ?? []).map((one) => [one.patient_id, one])),
    standing: new Map((insurance.data ?? []).map((one) => [one.patient_id, one])),
    known: { records: records.isSuccess, insurance: insurance.isSuccess },
    error: records.error ?? insurance.error,
  };
}

/** Calls of the last weeks, the latest first: who has been reached, and whom to call again. */
export function useLogged(place: Location | undefined, first: string, enabled: boolean) {
  const query = { first_day: first, page_size: 200, ...(place ? { location_id: place.id } : {}) };
  return useList(
    "coordination",
    ["calls", place?.id, first],
    () => data(api.GET("/v1/phone-calls", { params: { query } })).then((found) => found.phone_calls),
    enabled,
  );
}
export const weeksAgo = (today: string): string => addDays(today, -21);

/** Reads again what a change of somebody else touches, once for a burst of changes. */
export function useLive(locationId: string): void {
  const queries = useQueryClient();
  const touched = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const flush = useCallback(() => {
    for (const service of touched.current) void queries.invalidateQueries({ queryKey: [MY_DAY, service] });
    touched.current.clear();
    timer.current = undefined;
  }, [queries]);
  const onEvent = useCallback(
    (event: Happened) => {
      touched.current.add(event.type.split(".")[0] ?? "");
      timer.current ??= setTimeout(flush, 300);
    },
    [flush],
  );
  useEvents(locationId, onEvent, () => void queries.invalidateQueries({ queryKey: [MY_DAY] }));
}
