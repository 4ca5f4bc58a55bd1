import { Button } from "@mantine/core";
import { useState } from "react";
import { api, data, ifMatch } from "../../api/client";
import { useSession } from "../../app/session";
import { addDays } from "../../domain/time";
import { Dialog } from "../../ui/dialog";
import { tell } from "../../ui/undo";
import { type Card, fromCase, refusal } from "./data";
import { Field } from "./field";
import type { StepProps } from "./step";
import css from "./steps.module.css";
import { w } from "./words";

const OUTCOMES = ["recommended", "observation", "no_treatment", "referred_out"] as const;
/** How long a treatment of a kind usually takes, months: what the form begins with. */
const USUAL_MONTHS: Record<keyof typeof w.phases, number> = {
  phase_1: 12,
  phase_2: 18,
  comprehensive_child: 22,
  comprehensive_adult: 20,
  limited: 10,
  aligner: 18,
};

/** What the doctor decided at the exam, written down by whoever may; then the options are presented. */
export default function Outcome({ card, names, changes, close, next }: StepProps & { card: Card }) {
  const { session } = useSession();
  const self = names.doctors.some((doctor) => doctor.id === session.user_id);
  const [outcome, setOutcome] = useState<(typeof OUTCOMES)[number]>("recommended");
  const [phase, setPhase] = useState<keyof typeof w.phases>("comprehensive_child");
  const [months, setMonths] = useState(String(USUAL_MONTHS.comprehensive_child));
  const [recall, setRecall] = useState(addDays(new Date().toISOString().slice(0, 10), 182));
  const [doctor, setDoctor] = useState(
    self ? session.user_id : ((names.doctors.length === 1 ? names.doctors[0]?.id : "") ?? ""),
  );
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const name = names.of(card);
  const short = Number(months) < 1 || Number(months) > 60;

  const save = async () => {
    setTried(true);
    if (!doctor || (outcome === "recommended" && short)) return;
    setBusy(true);
    try {
      const { case: now } = await data(
        api.POST("/v1/cases/{case_id}/recommend", {
          params: { path: { case_id: card.case_id }, header: ifMatch(card.version) },
          body: {
            outcome,
            provider_id: doctor,
            ...(outcome === "recommended" ? { phase, treatment_months: Number(months) } : {}),
            ...(outcome === "observation" ? { recall_on: recall } : {}),
          },
        }),
      );
      tell({ text: w.exam.recorded(name, w.exam.outcomes[outcome]), tone: "good" });
      void changes.refresh();
      if (outcome === "recommended" && now)
        next({ kind: "present", card: { ...card, ...fromCase(now), phase: now.phase } });
      else close();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
      setBusy(false);
    }
  };

  return (
    <Dialog title={`${w.exam.title}: ${name}`} close={close} size={520}>
      <form
        className={css.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <fieldset className={css.big}>
          <legend className="hidden-text">{w.exam.title}</legend>
          {OUTCOMES.map((one) => (
            <label key={one} data-chosen={outcome === one || undefined}>
              <input type="radio" name="outcome" checked={outcome === one} onChange={() => setOutcome(one)} />
              <span>
                {w.exam.outcomes[one]}
                <small>{w.exam.leads[one]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <div className={css.two}>
          {outcome === "recommended" && (
            <>
              <label className={css.field}>
                <span>{w.exam.phase}</span>
                <select
                  value={phase}
                  onChange={(event) => {
                    const kind = event.currentTarget.value as typeof phase;
                    setPhase(kind);
                    setMonths(String(USUAL_MONTHS[kind]));
                  }}
                >
                  {Object.entries(w.phases).map(([id, told]) => (
                    <option key={id} value={id}>
                      {told}
                    </option>
                  ))}
                </select>
              </label>
              <Field
                label={w.exam.months}
                type="number"
                value={months}
                set={setMonths}
                error={tried && short ? "1–60" : undefined}
              />
            </>
          )}
          {outcome === "observation" && <Field label={w.exam.recall} type="date" value={recall} set={setRecall} />}
          <label className={css.field}>
            <span>{w.exam.doctor}</span>
            <select
              value={doctor}
              aria-invalid={tried && !doctor ? true : undefined}
              onChange={(event) => setDoctor(event.currentTarget.value)}
            >
              <option value="">{w.exam.choose}</option>
              {names.doctors.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.title ? `${one.title} ` : ""}
                  {one.first_name} {one.last_name}
                </option>
              ))}
            </select>
            {tried && !doctor && <small data-error="">{w.form.needed}</small>}
          </label>
        </div>
        <div className={css.buttons}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {w.exam.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
