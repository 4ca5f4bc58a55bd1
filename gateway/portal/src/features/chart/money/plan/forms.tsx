import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, type Patient, type Schemas } from "../../../../api/client";
import { useStaff } from "../../../../api/people";
import { tell } from "../../../../ui/undo";
import type { Case } from "../../data";
import { Buttons, Dialog, Field, form } from "../../dialog";
import { saveMerged } from "../../save";
import money from "../money.module.css";
import { refusal } from "../refusal";
import { w } from "../words";
import { l } from "./words";

type Outcome = Schemas["coordination.ConsultOutcome"];
type Phase = Schemas["coordination.Phase"];
type Blocker = Schemas["coordination.Blocker"];
type NotStarted = Schemas["coordination.ReasonNotStarted"];

const PHASES = Object.keys(w.phases) as Phase[];

interface Props {
  patient: Patient;
  treatment: Case;
  close: () => void;
}

/** What happens next; two people may change it at once. */
export function StepDialog(props: Props) {
  return (
    <Dialog title={l.editTitle} opened close={props.close}>
      <StepForm {...props} />
    </Dialog>
  );
}

/** What the doctor decided at a consultation. */
export function DecisionDialog(props: Props) {
  return (
    <Dialog title={l.recommendTitle} opened close={props.close}>
      <DecisionForm {...props} />
    </Dialog>
  );
}

interface Step {
  owner_id: string;
  blocker: Blocker | "";
  next_step: string;
  next_step_due: string;
  reason_not_started: NotStarted | "";
}
const stepOf = (one: Case): Step => ({
  owner_id: one.owner_id,
  blocker: one.blocker ?? "",
  next_step: one.next_step,
  next_step_due: one.next_step_due,
  reason_not_started: one.reason_not_started ?? "",
});

function StepForm({ patient, treatment, close }: Props) {
  const queries = useQueryClient();
  const { data: staff } = useStaff();
  const [base, setBase] = useState(stepOf(treatment));
  const [version, setVersion] = useState(Number(treatment.version));
  const [mine, setMine] = useState(base);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState("");
  const set = (what: Partial<Step>) => setMine((was) => ({ ...was, ...what }));
  const path = { case_id: treatment.id };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const outcome = await saveMerged({
        base,
        mine,
        version,
        write: ({ blocker, reason_not_started, ...rest }, at) => {
          const body = {
            ...rest,
            ...(blocker ? { blocker } : {}),
            ...(reason_not_started ? { reason_not_started } : {}),
          };
          return data(api.PATCH("/v1/cases/{case_id}", { params: { path, header: ifMatch(at) }, body }));
        },
        latest: async () => {
          const found = (await data(api.GET("/v1/cases/{case_id}", { params: { path } }))).case as Case;
          return { values: stepOf(found), version: Number(found.version) };
        },
      });
      await queries.invalidateQueries({ queryKey: ["cases", patient.id] });
      if (outcome.saved) {
        tell({ text: l.saved, detail: outcome.taken.length ? l.takenOver : "", tone: "good" });
        close();
      } else {
        const labels: Record<keyof Step, string> = {
          owner_id: l.owner,
          blocker: l.blocker,
          next_step: l.next,
          next_step_due: l.due,
          reason_not_started: l.reason,
        };
        setBase(outcome.base);
        setMine(outcome.mine);
        setVersion(outcome.version);
        setConflict(l.conflict(outcome.conflicts.map((one) => labels[one]).join(", ")));
      }
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const choices = (all: Record<string, string>, none: string) => (
    <>
      <option value="">{none}</option>
      {Object.entries(all).map(([code, said]) => (
        <option key={code} value={code}>
          {said}
        </option>
      ))}
    </>
  );
  return (
    <form className={form.form} onSubmit={(event) => void submit(event)}>
      <Field label={l.next}>
        {(props) => (
          <input
            {...props}
            data-autofocus
            required
            maxLength={200}
            value={mine.next_step}
            onChange={(event) => set({ next_step: event.currentTarget.value })}
          />
        )}
      </Field>
      <div className={form.two}>
        <Field label={l.due}>
          {(props) => (
            <input
              {...props}
              type="date"
              required
              value={mine.next_step_due}
              onChange={(event) => set({ next_step_due: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={l.owner}>
          {(props) => (
            <select {...props} value={mine.owner_id} onChange={(event) => set({ owner_id: event.currentTarget.value })}>
              {staff?.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.first_name} {one.last_name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={l.blocker}>
          {(props) => (
            <select
              {...props}
              value={mine.blocker}
              onChange={(event) => set({ blocker: event.currentTarget.value as Blocker })}
            >
              {choices(l.blockers, l.noBlocker)}
            </select>
          )}
        </Field>
        <Field label={l.reason}>
          {(props) => (
            <select
              {...props}
              value={mine.reason_not_started}
              onChange={(event) => set({ reason_not_started: event.currentTarget.value as NotStarted })}
            >
              {choices(l.reasons, l.noReason)}
            </select>
          )}
        </Field>
      </div>
      {conflict && (
        <p role="alert" className={money.note}>
          {conflict}
        </p>
      )}
      <Buttons error={error} close={close} save={l.save} busy={busy} />
    </form>
  );
}

function DecisionForm({ patient, treatment, close }: Props) {
  const queries = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome>("recommended");
  const [phase, setPhase] = useState<Phase>(treatment.phase ?? "comprehensive_child");
  const [months, setMonths] = useState("22");
  const [recall, setRecall] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const treats = outcome === "recommended";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const body = {
        outcome,
        ...(treats ? { phase, treatment_months: Number(months) } : recall ? { recall_on: recall } : {}),
      };
      const params = { path: { case_id: treatment.id }, header: ifMatch(treatment.version) };
      await data(api.POST("/v1/cases/{case_id}/recommend", { params, body }));
      tell({ text: l.recommended2, tone: "good" });
      await queries.invalidateQueries({ queryKey: ["cases", patient.id] });
      await queries.invalidateQueries({ queryKey: ["consults", treatment.id] });
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <form className={form.form} onSubmit={(event) => void submit(event)}>
      <Field label={l.outcome}>
        {(props) => (
          <select {...props} value={outcome} onChange={(event) => setOutcome(event.currentTarget.value as Outcome)}>
            {Object.entries(l.outcomes).map(([code, said]) => (
              <option key={code} value={code}>
                {said}
              </option>
            ))}
          </select>
        )}
      </Field>
      {treats ? (
        <div className={form.two}>
          <Field label={l.phase}>
            {(props) => (
              <select {...props} value={phase} onChange={(event) => setPhase(event.currentTarget.value as Phase)}>
                {PHASES.map((code) => (
                  <option key={code} value={code}>
                    {w.phases[code]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={l.time}>
            {(props) => (
              <input
                {...props}
                type="number"
                min={1}
                max={60}
                value={months}
                onChange={(event) => setMonths(event.currentTarget.value)}
              />
            )}
          </Field>
        </div>
      ) : (
        <Field label={l.recallOn}>
          {(props) => (
            <input {...props} type="date" value={recall} onChange={(event) => setRecall(event.currentTarget.value)} />
          )}
        </Field>
      )}
      {error !== undefined && (
        <p role="alert" className={money.refused}>
          {refusal(error)}
        </p>
      )}
      <Buttons close={close} save={l.save} busy={busy} />
    </form>
  );
}
