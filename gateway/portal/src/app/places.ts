import { useQuery } from "@tanstack/react-query";
import { useMatches, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useSyncExternalStore } from "react";
import { api, data, type Location } from "../api/client";
import { useSession } from "./session";

const KEY = "archwire.location";
/** In the address: all locations at once, on the screens that can show them (`staticData: { everywhere: true }`). */
export const ALL = "all";

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** The screen can show all locations at once. */
    everywhere?: boolean;
  }
}

/** The locations where this person sees the day, and the one that is looked at: the address says, else the last one. */
export function usePlaces(): {
  places: Location[];
  here: Location | undefined;
  /** True when the screen shows all of them; `here` is then the one that was looked at before. */
  all: boolean;
  /** True when this person has several and the screen can show all of them. */
  mayAll: boolean;
  loading: boolean;
  error: unknown;
  again: () => void;
} {
  const { may } = useSession();
  const loc = useSearch({ strict: false, select: (search) => (search as { loc?: string }).loc });
  const everywhere = useMatches({ select: (matches) => matches.at(-1)?.staticData.everywhere === true });
  const {
    data: found,
    isPending,
    error,
    refetch,
  } = useQuery({
    queryKey: ["locations"],
    queryFn: () => data(api.GET("/v1/locations", { params: { query: { page_size: 200 } } })),
    staleTime: 300_000,
  });
  return useMemo(() => {
    const places = (found?.locations ?? []).filter((place) => place.active && may("appointments.read", place.id));
    const kept = localStorage.getItem(KEY);
    const wanted = loc && loc !== ALL ? loc : kept;
    const here = places.find((place) => place.id === wanted) ?? places[0];
    const mayAll = everywhere && places.length > 1;
    return {
      places,
      here,
      all: mayAll && loc === ALL,
      mayAll,
      loading: isPending,
      error: found ? undefined : error,
      again: () => void refetch(),
    };
  }, [found, isPending, error, refetch, loc, may, everywhere]);
}

/** Goes to another location, or with ALL to all of them, and stays on the same screen. */
export function useGoToPlace(): (id: string) => void {
  const navigate = useNavigate();
  return (id) => {
    if (id !== ALL) localStorage.setItem(KEY, id);
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
