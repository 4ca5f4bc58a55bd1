import { useMayHere } from "../data";
import type { TabProps } from "../tabs";
import { LastNote } from "./note";
import css from "./page.module.css";
import { Steps } from "./steps";
import { Visits } from "./visits";
import { Money, Watch } from "./watch";

/** What matters now, as far as the role may see it. */
export function SummaryTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  return (
    <div className={css.cards}>
      <div>
        {mayHere("cases.read") && mayHere("tasks.read") && <Steps patient={patient} />}
        {mayHere("notes.read") && <LastNote patient={patient} />}
      </div>
      <div>
        {mayHere("appointments.read") && <Visits patient={patient} />}
        {mayHere("cases.read") && <Watch patient={patient} />}
        {(mayHere("contracts.read") || mayHere("coverages.read")) && <Money patient={patient} />}
      </div>
    </div>
  );
}
