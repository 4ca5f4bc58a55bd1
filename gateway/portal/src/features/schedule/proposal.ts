import { useSyncExternalStore } from "react";
import type { Appointment, WaitlistEntry } from "../../api/client";
import type { Place, Verdict, Visit } from "../../domain/schedule";

/** Somebody without a visit, on the way into the day: from the waiting list, or in treatment without a next visit. */
export interface Unbooked {
  key: string;
  patientId: string;
  typeId: string;
  caseId: string;
  entry?: WaitlistEntry;
}

/** A visit on its way: where it would go and what that would mean. Only what draws it listens, not the page. */
export interface Proposal {
  visit: Visit;
  name: string;
  visitClass: string;
  chairKinds: readonly string[];
  source: { kind: "visit"; appointment: Appointment } | { kind: "new"; unbooked: Unbooked };
  by: "drag" | "keys";
  to: Place | undefined;
  verdict: Verdict | undefined;
}

let current: Proposal | undefined;
const watchers = new Set<() => void>();

export const proposal = (): Proposal | undefined => current;

export function propose(next: Proposal | undefined): void {
  if (next === current) return;
  current = next;
  for (const watcher of watchers) watcher();
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};
export const useProposal = (): Proposal | undefined => useSyncExternalStore(watch, proposal);

/** Whether a visit is carried by keys or clicks: the page hears of that, and of no step on the way. */
export const useIsCarried = (): boolean => useSyncExternalStore(watch, () => current?.by === "keys");

/** Whether one visit is on its way: it changes once a move, not with every step. */
export const useIsMoving = (id: string): boolean => useSyncExternalStore(watch, () => current?.visit.id === id);
