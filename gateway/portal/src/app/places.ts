import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useSyncExternalStore } from "react";
import { api, data, type Location } from "../api/client";
import { useSession } from "./session";

const KEY = "archwire.location";

/** The locations where this person sees the day, and the one that is looked at: the address says, else the last one. */
export function usePlaces(): {
  places: Location[];
  here: Location | undefined;
  loading: boolean;
  error: unknown;
  again: () => void;
} {
  const { may } = useSession();
  const search = useSearch({ strict: false }) as { loc?: string };
  const {
    data: all,
    isPending,
    error,
    refetch,
  } = useQuery({
    queryKey: ["locations"],
    queryFn: () => data(api.GET("/v1/locations", { params: { query: { page_size: 200 } } })),
    staleTime: 300_000,
  });
  return useMemo(() => {
    const places = (all?.locations ?? []).filter((place) => place.active && may("appointments.read", place.id));
    const wanted = search.loc ?? localStorage.getItem(KEY);
    const here = places.find((place) => place.id === wanted) ?? places[0];
    return { places, here, loading: isPending, error: all ? undefined : error, again: () => void refetch() };
  }, [all, isPending, error, refetch, search.loc, may]);
}

/** Goes to another location and stays on the same screen. */
export function useGoToPlace(): (id: string) => void {
  const navigate = useNavigate();
  return (id) => {
    localStorage.setItem(KEY, id);
    void navigate({ to: ".", search: (was) => ({ ...was, loc: id, visit: undefined }) });
  };
}

let hidden = false;
const watchers = new Set<() => void>();

/** Privacy view: names are not on the screen while it is on. Not kept: a new page shows names again. */
export function usePrivacy(): [boolean, () => void] {
  const on = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => hidden,
  );
  return [
    on,
    () => {
      hidden = !hidden;
      for (const watcher of watchers) watcher();
    },
  ];
}
