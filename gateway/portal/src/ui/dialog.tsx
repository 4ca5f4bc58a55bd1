import { useFocusTrap } from "@mantine/hooks";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { t } from "../domain/i18n";
import css from "./dialog.module.css";
import { Close } from "./icons";

/** A dialog over the screen: it keeps the focus, gives it back, and closes with Esc. `size` in pixels. */
export function Dialog({
  title,
  close,
  size = 560,
  children,
}: {
  title: string;
  close: () => void;
  size?: number;
  children: ReactNode;
}) {
  const trap = useFocusTrap();
  const before = useRef(document.activeElement);
  const latest = useRef(close);
  latest.current = close;
  const id = useId();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      latest.current();
    };
    const last = before.current;
    document.addEventListener("keydown", onKey, true);
    return () => {
      document.removeEventListener("keydown", onKey, true);
      if (last instanceof HTMLElement && last.isConnected) last.focus({ preventScroll: true });
    };
  }, []);
  return createPortal(
    <div className={css.over} onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <div
        className={css.dialog}
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        ref={trap}
        style={{ width: `min(${size}px, 100%)` }}
      >
        <header className={css.head}>
          <h2 id={id}>{title}</h2>
          <button type="button" aria-label={t.app.close} onClick={close}>
            <Close />
          </button>
        </header>
        <div className={css.body}>{children}</div>
      </div>
    </div>,
    document.body,
  );
}
