import { useEffect, useRef, useSyncExternalStore } from "react";

/** A key of the screen. "n", "?", "[" or "g s" run by themselves; what has no `run` the screen handles itself. */
export interface Key {
  keys: string;
  label: string;
  run?: () => void;
}
export interface KeyGroup {
  title: string;
  keys: readonly Key[];
}

const KEPT = "archwire.single-keys";
const SEQUENCE_MS = 1_200;
const groups: { current: KeyGroup }[] = [];
const watchers = new Set<() => void>();
let on = typeof localStorage === "undefined" || localStorage.getItem(KEPT) !== "off";

export const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

/** A single printable character without Ctrl, Alt or Meta: what somebody may say by accident (WCAG 2.1.4). */
const character = (event: KeyboardEvent) =>
  event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;

/** Whether keys of a single character do something, and what switches that; kept in this browser. */
export function useSingleKeys(): [boolean, (wanted: boolean) => void] {
  const now = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => on,
  );
  return [
    now,
    (wanted) => {
      on = wanted;
      localStorage.setItem(KEPT, wanted ? "on" : "off");
      for (const watcher of watchers) watcher();
    },
  ];
}

/** The keys of the screen as it is, the innermost part of it first. */
export const keysNow = (): KeyGroup[] =>
  groups
    .map((group) => group.current)
    .filter((group) => group.keys.length > 0)
    .reverse();

/** Gives a screen its keys, and puts them into the overview behind `?`. They rest while a dialog is open. */
export function useKeys(title: string, keys: readonly Key[]): void {
  const group = useRef<KeyGroup>({ title, keys });
  group.current = { title, keys };
  useEffect(() => {
    groups.push(group);
    return () => void groups.splice(groups.indexOf(group), 1);
  }, []);
}

let before = { key: "", at: 0 };

function pressed(event: KeyboardEvent): void {
  if (!character(event) || typing(event.target) || event.defaultPrevented) return;
  if (document.querySelector('[role="dialog"], dialog[open]')) return;
  const now = event.timeStamp;
  const sequence = now - before.at < SEQUENCE_MS ? `${before.key} ${event.key.toLowerCase()}` : "";
  before = { key: event.key.toLowerCase(), at: now };
  for (const wanted of [sequence, event.key]) {
    for (const { keys } of keysNow()) {
      const found = wanted && keys.find((key) => key.run && key.keys === wanted);
      if (!found) continue;
      event.preventDefault();
      event.stopPropagation();
      before = { key: "", at: 0 };
      found.run?.();
      return;
    }
  }
  // the second letter of a sequence is no key of its own
  if (keysNow().some(({ keys }) => keys.some((key) => key.keys.startsWith(`${event.key.toLowerCase()} `))))
    event.stopPropagation();
  else before = { key: "", at: 0 };
  if (event.key === "j" || event.key === "k") step(event, event.key === "j" ? 1 : -1);
}

/** J and K go through the rows of a screen: whatever carries `data-row`. Enter is the row's own. */
function step(event: KeyboardEvent, by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")].filter((row) => row.checkVisibility());
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  event.preventDefault();
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Listens for the keys of all screens. Switched off, no screen hears a single character outside a text field. */
export function useKeyboard(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (on) pressed(event);
      else if (character(event) && !typing(event.target)) event.stopPropagation();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
}
