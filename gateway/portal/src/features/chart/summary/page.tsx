import { useMayHere } from "../data";
import type { TabProps } from "../tabs";
import css from "./page.module.css";
import { Visits } from "./visits";

/** What matters now. */
export function SummaryTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  return <div className={css.cards}>{mayHere("appointments.read") && <Visits patient={patient} />}</div>;
}
