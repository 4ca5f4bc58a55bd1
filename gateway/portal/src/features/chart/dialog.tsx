import { Button, Modal } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { t } from "../../domain/i18n";
import css from "./dialog.module.css";
import { refusal } from "./refusal";
import { w } from "./words";

/** A dialog of the chart with a form in it. */
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
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      size={wide ? 1080 : 520}
      yOffset="7vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
    >
      {opened && children}
    </Modal>
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
