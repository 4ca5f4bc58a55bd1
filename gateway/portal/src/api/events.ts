import { useEffect, useRef, useSyncExternalStore } from "react";
import { signedIn, signedOut } from "./client";
import { reader } from "./stream";

export type Connection = "idle" | "connecting" | "live" | "broken";
export interface Happened {
  id: string;
  type: string;
  appointment_id?: string;
  location_id?: string;
  patient_id?: string;
}
/** What the tab with the stream tells the others, and what a new tab asks. */
type Said = { event: Happened } | { state: Connection } | { gap: true } | { asks: true };

const NAME = "archwire.events";
const SILENCE_MS = 40_000; // the server gives a sign of life every 15 s
const LONGEST_WAIT_MS = 15_000;
const STAYS_MS = 3_000; // from one screen to the next the stream stays open

let connection: Connection = "idle"; // no screen listens
let lastId = "";
let leads = false;
let leave: AbortController | undefined;
let leaving: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();
const listeners = new Set<{ onEvent: (event: Happened) => void; onGap: () => void }>();
const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(NAME);

function became(now: Connection): void {
  if (now === connection) return;
  connection = now;
  for (const watcher of watchers) watcher();
}

function hear(said: Said): void {
  if ("asks" in said) {
    if (leads) channel?.postMessage({ state: connection } satisfies Said);
  } else if (listeners.size === 0) return;
  else if ("state" in said) became(said.state);
  else if ("gap" in said) for (const listener of listeners) listener.onGap();
  else {
    lastId = said.event.id;
    for (const listener of listeners) listener.onEvent(said.event);
  }
}
if (channel) channel.onmessage = (message) => hear(message.data as Said);

/** To the screens of this tab and of all others. */
function say(said: Said): void {
  channel?.postMessage(said);
  hear(said);
}

const pause = (ms: number, end: AbortSignal) =>
  new Promise<void>((done) => {
    setTimeout(done, ms);
    end.addEventListener("abort", () => done(), { once: true });
  });

/** Reads the stream until it ends, from where this browser stopped hearing. */
async function read(end: AbortSignal, onOpen: () => void): Promise<void> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), SILENCE_MS);
  try {
    const headers: Record<string, string> = lastId ? { "Last-Event-ID": lastId } : {};
    const answer = await fetch("/v1/events", { headers, signal: AbortSignal.any([end, quiet.signal]) });
    if (answer.status === 401) signedOut();
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    onOpen();
    const told = reader();
    const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await pieces.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), SILENCE_MS);
      for (const { data } of told(value)) say({ event: JSON.parse(data) as Happened });
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps one stream open for all tabs of this browser. */
async function lead(end: AbortSignal): Promise<void> {
  leads = true;
  let lost = false;
  let wait = 1_000;
  say({ state: "connecting" });
  while (!end.aborted) {
    if (signedIn()) {
      await read(end, () => {
        say({ state: "live" });
        if (lost) say({ gap: true }); // what happened meanwhile comes too, as far back as the gateway remembers
        lost = false;
        wait = 1_000;
      }).catch(() => undefined);
      if (end.aborted) break;
      lost = true;
      say({ state: "broken" });
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
    await pause(signedIn() ? wait * (0.5 + Math.random() / 2) : 1_000, end);
  }
  leads = false;
}

/** Lets another tab lead, when no screen of this one listens any more. */
function end(): void {
  if (listeners.size > 0) return;
  leave?.abort();
  leave = undefined;
  became("idle");
}

function begin(): void {
  leave = new AbortController();
  const { signal } = leave;
  channel?.postMessage({ asks: true } satisfies Said);
  became("connecting");
  if (!navigator.locks) void lead(signal);
  else navigator.locks.request(NAME, { signal }, () => lead(signal)).catch(() => undefined); // left before its turn
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

/** How often a screen asks for itself while nothing is heard; false while everything is. */
export function usePolling(everyMs = 20_000): number | false {
  return useConnection() === "broken" ? everyMs : false;
}

/**
 * Hears what happens at a location, or with "*" wherever this person may hear; `onGap` when something may have been
 * missed. All tabs of a browser share one stream: the one that holds the lock reads it and tells the others.
 */
export function useEvents(locationId: string | undefined, onEvent: (event: Happened) => void, onGap: () => void): void {
  const handlers = useRef({ onEvent, onGap });
  handlers.current = { onEvent, onGap };
  useEffect(() => {
    if (!locationId) return;
    const listener = {
      onEvent: (event: Happened) => {
        const elsewhere = locationId !== "*" && event.location_id && event.location_id !== locationId;
        if (!elsewhere) handlers.current.onEvent(event);
      },
      onGap: () => handlers.current.onGap(),
    };
    listeners.add(listener);
    clearTimeout(leaving);
    if (!leave) begin();
    return () => {
      listeners.delete(listener);
      leaving = setTimeout(end, STAYS_MS);
    };
  }, [locationId]);
}
