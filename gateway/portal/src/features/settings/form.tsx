import { Button, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  useCallback,
  useEffect,
  useId,
  useState,
} from "react";
import { ApiError } from "../../api/client";
import { locale, t } from "../../domain/i18n";
import { Alert } from "../../ui/icons";
import { tell } from "../../ui/undo";
import css from "./form.module.css";
import { common as w } from "./words/common";

/** What somebody edits: the values as read, the values as they are now, and what others have saved meanwhile. */
export interface Editor<T> {
  draft: T;
  set: (patch: Partial<T>) => void;
  dirty: boolean;
  /** Which fields differ from what was read. */
  changed: (keyof T)[];
  /** The version that the next save replaces. */
  version: number;
  /** What the server has now, when that is newer than what was read. */
  newer?: { value: T; version: number };
  discard: () => void;
  takeNewer: () => void;
  keepMine: () => void;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Edits a value of the server. Newer values replace what is shown, unless somebody has begun to change it. */
export function useEditor<T extends object>(value: T, version: number): Editor<T> {
  const [base, setBase] = useState({ value, version });
  const [draft, setDraft] = useState(value);
  const dirty = !same(draft, base.value);
  const newer = version > base.version ? { value, version } : undefined;
  useEffect(() => {
    if (version > base.version && (!dirty || same(draft, value))) {
      setBase({ value, version });
      setDraft(value);
    }
  }, [version, base.version, dirty, draft, value]);
  const adopt = (mine: T) => {
    setBase({ value, version });
    setDraft(mine);
  };
  return {
    draft,
    set: useCallback((patch: Partial<T>) => setDraft((was) => ({ ...was, ...patch })), []),
    dirty,
    changed: (Object.keys(base.value) as (keyof T)[]).filter((key) => !same(draft[key], base.value[key])),
    version: base.version,
    newer,
    discard: () => setDraft(base.value),
    takeNewer: () => adopt(value),
    // what both have changed is mine; what only they have changed is theirs
    keepMine: () => {
      const mine = { ...value };
      for (const key of Object.keys(base.value) as (keyof T)[]) {
        if (!same(draft[key], base.value[key])) mine[key] = draft[key];
      }
      adopt(mine);
    },
  };
}

/** What a save says of each field, by the name that the API gives it; "" is for the whole form. */
export type Faults = Record<string, string>;

export function faultsOf(error: unknown): Faults {
  if (!(error instanceof ApiError)) return { "": t.refused };
  const words = w.reasons[error.reason] ?? t.refusals[error.reason];
  const faults: Faults = {};
  for (const one of error.errors) if (one.field) faults[one.field.split(/[.[]/)[0] ?? ""] = w.fieldWrong;
  if (error.field) faults[error.field.split(/[.[]/)[0] ?? ""] = words ?? w.fieldWrong;
  if (!Object.keys(faults).length) faults[""] = words ?? t.refused;
  return faults;
}

/** Saves, says so, and keeps what was refused at its fields. `stale` reads again after somebody else was faster. */
export function useSave(stale: () => unknown) {
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  const save = async (send: () => Promise<unknown>, done: string): Promise<boolean> => {
    setBusy(true);
    setFaults({});
    try {
      await send();
      if (done) tell({ text: done, tone: "good" });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.reason === "STALE_VERSION") await stale();
      else setFaults(faultsOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { faults, busy, save, clear: () => setFaults({}) };
}

/** A control with its label, a hint and what is wrong with it. */
export function Field(props: {
  label: string;
  hint?: string;
  fault?: string;
  wide?: boolean;
  children: (given: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => ReactNode;
}) {
  const id = useId();
  const told = props.fault || props.hint;
  return (
    <div className={css.field} data-wide={props.wide || undefined}>
      <label htmlFor={id}>{props.label}</label>
      {props.children({
        id,
        "aria-describedby": told ? `${id}-told` : undefined,
        "aria-invalid": Boolean(props.fault),
      })}
      {told && (
        <p id={`${id}-told`} data-fault={props.fault ? "" : undefined}>
          {props.fault && <Alert size={13} />}
          {told}
        </p>
      )}
    </div>
  );
}

type Text = Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> & {
  label: string;
  hint?: string;
  fault?: string;
  wide?: boolean;
  onText: (text: string) => void;
};
export function TextField({ label, hint, fault, wide, onText, ...input }: Text) {
  return (
    <Field label={label} hint={hint} fault={fault} wide={wide}>
      {(given) => (
        <input
          {...input}
          {...given}
          className={css.input}
          autoComplete={input.autoComplete ?? "off"}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

type Choice = Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> & {
  label: string;
  hint?: string;
  fault?: string;
  wide?: boolean;
  options: readonly { value: string; label: string }[];
  onChoice: (value: string) => void;
};
export function ChoiceField({ label, hint, fault, wide, options, onChoice, ...select }: Choice) {
  return (
    <Field label={label} hint={hint} fault={fault} wide={wide}>
      {(given) => (
        <select {...select} {...given} className={css.input} onChange={(event) => onChoice(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check(props: {
  label: string;
  hint?: string;
  checked: boolean;
  disabled?: boolean;
  onCheck: (checked: boolean) => void;
}) {
  return (
    <label className={css.check}>
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled}
        onChange={(event) => props.onCheck(event.currentTarget.checked)}
      />
      <span>
        {props.label}
        {props.hint && <small>{props.hint}</small>}
      </span>
    </label>
  );
}

/** The foot of a form: what is not saved yet, and what others have saved meanwhile. Leaving asks first. */
export function SaveBar<T>(props: {
  editor: Editor<T>;
  labels: Partial<Record<keyof T, string>>;
  busy: boolean;
  fault?: string;
  disabled?: boolean;
  /** Only there while something is not saved: for pages of several forms. */
  quiet?: boolean;
  onSave: () => void;
  /** Who changed it and when, for the newer version. */
  who?: string;
}) {
  const { editor, busy } = props;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (editor.dirty && !busy && !editor.newer && !props.disabled) props.onSave();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
  const theirs = editor.newer
    ? (Object.keys(props.labels) as (keyof T)[]).filter((key) => !same(editor.newer?.value[key], editor.draft[key]))
    : [];
  return (
    <div className={css.foot}>
      <LeaveGuard when={editor.dirty} />
      {editor.newer && editor.dirty && (
        <section className={css.newer} role="alert">
          <div>
            <strong>{w.form.newer}</strong>
            <p>
              {props.who ? `${props.who} ` : ""}
              {w.form.newerLead(
                new Intl.ListFormat(locale).format(theirs.map((key) => props.labels[key] ?? "").filter(Boolean)),
              )}
            </p>
          </div>
          <Button size="xs" variant="default" onClick={editor.takeNewer}>
            {w.form.takeNewer}
          </Button>
          <Button size="xs" onClick={editor.keepMine}>
            {w.form.keepMine}
          </Button>
        </section>
      )}
      {props.quiet && !editor.dirty && !props.fault ? null : (
        <footer className={css.save} data-dirty={editor.dirty || undefined}>
          <p role="status" data-fault={props.fault ? "" : undefined}>
            {props.fault ? (
              <>
                <Alert size={14} /> {props.fault}
              </>
            ) : editor.dirty ? (
              w.form.unsaved
            ) : (
              w.form.saved
            )}
          </p>
          <Button variant="subtle" color="gray" disabled={!editor.dirty || busy} onClick={editor.discard}>
            {w.form.discard}
          </Button>
          <Button
            disabled={!editor.dirty || Boolean(editor.newer) || props.disabled}
            loading={busy}
            onClick={props.onSave}
            aria-keyshortcuts="Control+S"
          >
            {w.form.save}
          </Button>
        </footer>
      )}
    </div>
  );
}

/** Asks before somebody leaves what is not saved. */
export function LeaveGuard({ when }: { when: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      when && (current.pathname !== next.pathname || !same(current.search, next.search)),
    enableBeforeUnload: () => when,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Ask
      title={w.form.leaveTitle}
      lead={w.form.leaveLead}
      go={w.form.leave}
      keep={w.form.stay}
      onGo={blocker.proceed}
      onKeep={blocker.reset}
    />
  );
}

/** A question about what cannot be undone. */
export function Ask(props: {
  title: string;
  lead: string;
  go: string;
  keep: string;
  busy?: boolean;
  children?: ReactNode;
  onGo: () => void;
  onKeep: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onKeep}>
      <p className={css.lead}>{props.lead}</p>
      {props.children}
      <div className={css.actions}>
        <Button variant="default" data-autofocus onClick={props.onKeep}>
          {props.keep}
        </Button>
        <Button color="red" loading={props.busy} onClick={props.onGo}>
          {props.go}
        </Button>
      </div>
    </Dialog>
  );
}

export function Dialog(props: { title: string; size?: number; onClose: () => void; children: ReactNode }) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size={props.size ?? 440}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
      centered
      classNames={{ content: css.dialog, header: css.dialog }}
    >
      {props.children}
    </Modal>
  );
}

/** The head of a page of settings. */
export function Head(props: { title: string; lead?: string; children?: ReactNode }) {
  return (
    <header className={css.head}>
      <div>
        <h1>{props.title}</h1>
        {props.lead && <p>{props.lead}</p>}
      </div>
      {props.children && <div className={css.tools}>{props.children}</div>}
    </header>
  );
}

export function Card(props: { title?: string; lead?: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={css.card} aria-labelledby={props.title ? id : undefined}>
      {props.title && (
        <header>
          <div>
            <h2 id={id}>{props.title}</h2>
            {props.lead && <p>{props.lead}</p>}
          </div>
          {props.aside}
        </header>
      )}
      {props.children}
    </section>
  );
}
