import { Button } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { t } from "../domain/i18n";
import { Close } from "./icons";
import css from "./undo.module.css";

export interface Notice {
  text: string;
  detail?: string;
  tone?: "plain" | "good" | "warn" | "bad";
  /** Takes the change back. */
  undo?: () => void;
  /** Another way on, by its name. */
  act?: { label: string; run: () => void };
  /** Stays until it is closed. */
  stays?: boolean;
}

const STAYS_MS = 8_000;
let notice: (Notice & { key: number }) | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();

function show(next: typeof notice): void {
  clearTimeout(timer);
  notice = next;
  for (const watcher of watchers) watcher();
}

const leaveLater = () => {
  clearTimeout(timer);
  if (notice?.stays) return;
  timer = setTimeout(() => show(undefined), STAYS_MS);
};

/** Tells what happened, with a way back where there is one; it leaves after 8 seconds, or later under the pointer. */
export function tell(next: Notice): void {
  show({ ...next, key: (notice?.key ?? 0) + 1 });
  leaveLater();
}

function takeBack(): void {
  const undo = notice?.undo;
  if (!undo) return;
  show(undefined);
  undo();
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

/** The place where notices appear, and Ctrl Z. */
export function Notices() {
  const current = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => notice,
  );
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || typing(event.target)) return;
      event.preventDefault();
      takeBack();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className={css.place} role="status" aria-live="polite">
      {current && (
        <div
          key={current.key}
          className={css.notice}
          data-tone={current.tone ?? "plain"}
          onPointerEnter={() => clearTimeout(timer)}
          onPointerLeave={leaveLater}
          onFocus={() => clearTimeout(timer)}
          onBlur={leaveLater}
        >
          <div className={css.text}>
            <strong>{current.text}</strong>
            {current.detail && <span>{current.detail}</span>}
          </div>
          {current.undo && (
            <Button size="xs" variant="default" onClick={takeBack}>
              {t.app.undo} <kbd className={css.key}>Ctrl Z</kbd>
            </Button>
          )}
          {current.act && (
            <Button size="xs" variant="default" onClick={current.act.run}>
              {current.act.label}
            </Button>
          )}
          <button type="button" className={css.close} aria-label={t.app.close} onClick={() => show(undefined)}>
            <Close size={14} />
          </button>
        </div>
      )}
    </div>
  );
}
