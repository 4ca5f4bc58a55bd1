import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { t } from "../../domain/i18n";
import { Close } from "../../ui/icons";
import css from "./dialog.module.css";
import { refusal } from "./refusal";
import { w } from "./words";

/** A dialog of the chart with a form in it: the browser's own, which keeps the focus inside and is closed by Escape. */
export function Dialog({
  title,
  opened,
  close,
  wide,
  children,
}: {
  title: string;
  opened: boolean;
  close: () => void;
  wide?: boolean;
  children: ReactNode;
}) {
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = place.current;
    if (!opened || !dialog || dialog.open) return;
    const before = document.activeElement;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, [opened]);
  if (!opened) return null;
  return createPortal(
    <dialog
      ref={place}
      className={css.dialog}
      data-wide={wide}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => event.target === event.currentTarget && close()}
    >
      <div className={css.sheet}>
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" aria-label={t.app.close} onClick={close}>
            <Close size={16} />
          </button>
        </header>
        {children}
      </div>
    </dialog>,
    document.body,
  );
}

/** A labelled control. `error` says what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: string;
  error?: string;
  children: (props: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className={css.field} data-error={error ? true : undefined}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(said ? { "aria-describedby": `${id}-said` } : {}),
        ...(error ? { "aria-invalid": true as const } : {}),
      })}
      {said && <small id={`${id}-said`}>{said}</small>}
    </div>
  );
}

export function Choice({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label className={css.choice}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint && <small>{hint}</small>}
      </span>
    </label>
  );
}

/** The end of a form: what went wrong, leave, save. */
export function Buttons({
  error,
  close,
  save,
  busy,
  left,
}: {
  error?: unknown;
  close: () => void;
  save: string;
  busy: boolean;
  left?: ReactNode;
}) {
  return (
    <>
      {error !== undefined && error !== null && (
        <p className={css.failed} role="alert">
          {refusal(error)}
        </p>
      )}
      <div className={css.buttons}>
        {left}
        <Button variant="default" onClick={close}>
          {w.cancel}
        </Button>
        <Button type="submit" loading={busy}>
          {save}
        </Button>
      </div>
    </>
  );
}

export { refusal } from "./refusal";
export { css as form };
