import { useId } from "react";
import css from "./steps.module.css";

/** A labelled text field with what is wrong with it. */
export function Field({
  label,
  value,
  set,
  type = "text",
  hint,
  error,
  focus,
  max = 254,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  type?: string;
  hint?: string;
  error?: string;
  focus?: boolean;
  max?: number;
}) {
  const id = useId();
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        maxLength={max}
        data-autofocus={focus || undefined}
        autoComplete="off"
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? `${id}-told` : undefined}
        onChange={(event) => set(event.currentTarget.value)}
      />
      {(error || hint) && (
        <small id={`${id}-told`} data-error={error ? "" : undefined}>
          {error || hint}
        </small>
      )}
    </div>
  );
}
