import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, data, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";

export type Place = Schemas["directory.Location"];
export type Office = Schemas["scheduling.LocationSchedule"];
export type Chair = Omit<Schemas["scheduling.Chair"], "kind"> & { kind: ChairKind };
export type Provider = Schemas["scheduling.Provider"];
export type VisitClass = NonNullable<Schemas["scheduling.VisitClass"]>;
export type ChairKind = NonNullable<Schemas["scheduling.ChairKind"]>;
export type VisitType = Omit<Schemas["scheduling.AppointmentType"], "visit_class"> & { visit_class: VisitClass };
export type TemplateSlot = Omit<Schemas["scheduling.TemplateSlot"], "visit_class"> & { visit_class: VisitClass };
export type DayTemplate = Omit<Schemas["scheduling.DayTemplate"], "slots"> & { slots: TemplateSlot[] };

export const CHAIR_KINDS = ["chair", "consult_room", "records_room", "virtual"] as const satisfies ChairKind[];
export const CLASSES = [
  "exam",
  "records",
  "consult",
  "start",
  "adjustment",
  "repair",
  "debond",
  "retention",
  "other",
] as const satisfies VisitClass[];

/** All locations, closed ones too. */
export function useAllPlaces() {
  return useQuery({
    queryKey: ["settings", "locations"],
    queryFn: () =>
      data(api.GET("/v1/locations", { params: { query: { page_size: 200, include_closed: true } } })).then(
        (found) => found.locations,
      ),
  });
}

/** The locations where somebody holds a permission, and the one that the address names, else the first. */
export function usePlace(permission: string) {
  const { may } = useSession();
  const search = useSearch({ strict: false }) as { loc?: string };
  const navigate = useNavigate();
  const all = useAllPlaces();
  const places = (all.data ?? []).filter((place) => may(permission, place.id));
  const wanted = search.loc ?? localStorage.getItem("archwire.location");
  const place = places.find((one) => one.id === wanted) ?? places.find((one) => one.active) ?? places[0];
  const choose = (id: string) => void navigate({ to: ".", search: (was) => ({ ...was, loc: id }) });
  return { place, places, choose, error: all.data ? undefined : all.error, again: () => void all.refetch() };
}

export const officeKey = (location: string) => ["settings", "office", location];
export function useOfficeSettings(location: string) {
  return useQuery({
    queryKey: officeKey(location),
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/schedule", { params: { path: { location_id: location } } })).then(
        (found) => found.location_schedule as Office,
      ),
  });
}

export const chairsKey = (location: string) => ["settings", "chairs", location];
export function useChairs(location: string) {
  return useQuery({
    queryKey: chairsKey(location),
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/chairs", { params: { path: { location_id: location } } })).then(
        (found) =>
          found.chairs
            .map((chair): Chair => ({ ...chair, kind: chair.kind ?? "chair" }))
            .sort((a, b) => a.position - b.position || a.name.localeCompare(b.name)),
      ),
  });
}

export const typesKey = ["settings", "types"];
export function useTypes() {
  return useQuery({
    queryKey: typesKey,
    queryFn: () =>
      data(api.GET("/v1/appointment-types", { params: { query: { include_inactive: true } } })).then((found) =>
        found.appointment_types.map((type): VisitType => ({ ...type, visit_class: type.visit_class ?? "other" })),
      ),
  });
}

export type Staff = Schemas["directory.Staff"];

export const staffKey = ["settings", "staff"];
export async function allStaff(): Promise<Staff[]> {
  const found: Staff[] = [];
  let page_token: string | undefined;
  do {
    const query = { page_size: 200, include_disabled: true, page_token };
    const answer = await data(api.GET("/v1/staff", { params: { query } }));
    found.push(...answer.staff);
    page_token = answer.next_page_token || undefined;
  } while (page_token);
  return found;
}
