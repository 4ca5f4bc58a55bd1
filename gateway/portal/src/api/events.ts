import { useEffect, useRef, useSyncExternalStore } from "react";

export type Connection = "idle" | "connecting" | "live" | "broken";
export interface Happened {
  id: string;
  type: string;
  appointment_id?: string;
  location_id?: string;
}

let connection: Connection = "idle"; // no screen listens
const watchers = new Set<() => void>();

function tell(now: Connection): void {
  if (now === connection) return;
  connection = now;
  for (const watcher of watchers) watcher();
}

/** Whether changes of others are heard. */
export const useConnection = (): Connection =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => connection,
  );

/** Hears what happens at a location; `onGap` when something may have been missed. */
export function useEvents(locationId: string | undefined, onEvent: (event: Happened) => void, onGap: () => void): void {
  const handlers = useRef({ onEvent, onGap });
  handlers.current = { onEvent, onGap };
  useEffect(() => {
    if (!locationId) return;
    let lost = false;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    tell("connecting");
    const open = () => {
      source = new EventSource(`/v1/events?location_id=${encodeURIComponent(locationId)}`);
      source.onopen = () => {
        tell("live");
        if (lost) handlers.current.onGap();
        lost = false;
      };
      source.onmessage = (message) => handlers.current.onEvent(JSON.parse(message.data) as Happened);
      source.onerror = () => {
        lost = true;
        tell("broken");
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, 5_000);
      };
    };
    open();
    return () => {
      clearTimeout(timer);
      source?.close();
      tell("idle");
    };
  }, [locationId]);
}
