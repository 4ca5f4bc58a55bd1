import { useSyncExternalStore } from "react";

const ASK_MS = 3_000;
let silent = false;
let timer: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();

function ask(): void {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const alive = await fetch("/health/live", { cache: "no-store" }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (alive) heard(true);
    else if (silent) ask();
  }, ASK_MS);
}

/** Notes whether the server has just answered. While it does not, it is asked until it does. */
export function heard(answered: boolean): void {
  if (answered !== silent) return;
  silent = !answered;
  if (silent) ask();
  else clearTimeout(timer);
  for (const watcher of watchers) watcher();
}

/** True while the server does not answer. */
export const useSilence = (): boolean =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => silent,
  );
