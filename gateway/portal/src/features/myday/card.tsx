import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Patient } from "../../api/client";
import { usePatientName } from "../../api/people";
import { Failed } from "../../ui/states";
import css from "./card.module.css";
import { w } from "./words";

/** One part of the day: its heading with how many there are, and the rows or what to say instead. */
export function Card({
  id,
  title,
  count,
  note,
  tools,
  pending,
  error,
  again,
  empty,
  emptyLead,
  children,
}: {
  id: string;
  title: string;
  count?: number;
  note?: string;
  tools?: ReactNode;
  pending?: boolean;
  error?: unknown;
  again?: () => void;
  empty: string;
  emptyLead?: string;
  children: ReactNode;
}) {
  return (
    <section className={css.card} id={id} aria-labelledby={`${id}-title`} aria-busy={pending || undefined}>
      <header className={css.header}>
        <h2 id={`${id}-title`}>{title}</h2>
        {!!count && <span className={css.count}>{count}</span>}
        {note && <span className={css.note}>{note}</span>}
        {tools && <span className={css.tools}>{tools}</span>}
      </header>
      {error ? (
        <Failed error={error} again={again} />
      ) : pending ? (
        <div className={css.waiting} aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ) : count ? (
        children
      ) : (
        <p className={css.empty}>
          <strong>{empty}</strong>
          {emptyLead && <span>{emptyLead}</span>}
        </p>
      )}
    </section>
  );
}

/** A patient; null when this person may not see who it is, undefined before that is known. */
export type Somebody = Patient | null | undefined;

/** How somebody is called on the screen. */
export function useNamed(): (patient: Somebody) => string {
  const called = usePatientName();
  return (patient) => (patient ? called(patient) : patient === null ? w.patientHidden : "…");
}

/** A patient's name as the way to the chart. */
export function Name({ patient }: { patient: Somebody }) {
  const named = useNamed();
  if (!patient) return <span>{named(patient)}</span>;
  return (
    <Link to="/p/$id/$tab" params={{ id: patient.id, tab: "summary" }} className={css.name}>
      {named(patient)}
    </Link>
  );
}
