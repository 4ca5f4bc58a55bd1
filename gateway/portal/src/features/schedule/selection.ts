import { useCallback, useSyncExternalStore } from "react";

/**
 * The visit that is chosen. It is kept beside the page, so that choosing one draws two cards and the panel again and
 * nothing else; the address follows a moment later.
 */
let chosen: string | undefined;
const watchers = new Set<() => void>();

export const selection = (): string | undefined => chosen;

export function choose(id: string | undefined): void {
  if (id === chosen) return;
  chosen = id;
  for (const watcher of watchers) watcher();
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};
export const useSelection = (): string | undefined => useSyncExternalStore(watch, selection);

/** Whether one visit is the chosen one: only those two that change hear of it. */
export const useIsSelected = (id: string): boolean =>
  useSyncExternalStore(
    watch,
    useCallback(() => chosen === id, [id]),
  );
