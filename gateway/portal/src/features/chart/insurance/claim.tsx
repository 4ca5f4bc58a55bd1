import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, type Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { formatFullDay, formatMoney } from "../../../domain/i18n";
import { tell } from "../../../ui/undo";
import { useMayHere } from "../data";
import { Dialog, Field, form } from "../dialog";
import { centsOf, parseDollars, usd, writeDollars } from "../money/amounts";
import money from "../money/money.module.css";
import { type Claim, type Expected, refusal } from "./data";
import css from "./insurance.module.css";
import { w } from "./words";

type State = NonNullable<Claim["state"]>;
/** Which states a person may record from each; the service decides. */
const NEXT: Record<State, readonly State[]> = {
  draft: ["closed"],
  validated: ["submitted", "draft", "closed"],
  submitted: ["accepted", "rejected"],
  accepted: ["paid", "denied"],
  rejected: ["draft", "closed"],
  paid: ["closed"],
  denied: ["submitted", "closed"],
  closed: [],
};

function useClaimsMoved(patient: Patient): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ["claims", patient.id] });
}

/** One claim: what it asks, its review, what happened to it, and the file for the payer. */
export function ClaimDialog({ patient, claim, close }: { patient: Patient; claim: Claim; close: () => void }) {
  const mayHere = useMayHere(patient);
  const { data: staff } = useStaff();
  const moved = useClaimsMoved(patient);
  const doctors = (staff ?? []).filter((one) => one.is_provider);
  const [doctor, setDoctor] = useState(claim.provider_id);
  const [note, setNote] = useState(claim.note);
  const next = NEXT[claim.state as State] ?? [];
  const [state, setState] = useState<State | "">("");
  const wanted = state && next.includes(state) ? state : next[0];
  const [number, setNumber] = useState(claim.payer_claim_number);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const run = async (task: () => Promise<unknown>, told: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await task();
      tell({ text: told, tone: "good" });
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
    await moved();
  };
  const params = { path: { claim_id: claim.id }, header: ifMatch(claim.version) };
  const review = (event: FormEvent) => {
    event.preventDefault();
    const body = { provider_id: doctor || (doctors[0]?.id ?? ""), note };
    void run(() => data(api.POST("/v1/claims/{claim_id}/review", { params, body })), w.reviewed);
  };
  const record = (event: FormEvent) => {
    event.preventDefault();
    if (!wanted) return;
    const body = { state: wanted, payer_claim_number: number };
    void run(
      () => data(api.POST("/v1/claims/{claim_id}/status", { params, body })),
      w.recorded(w.states[wanted] ?? wanted),
    );
  };
  const download = () =>
    run(async () => {
      const { x12 } = await data(api.GET("/v1/claims/{claim_id}/x12", { params: { path: { claim_id: claim.id } } }));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([x12], { type: "application/edi-x12" }));
      link.download = `${claim.number}.837`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }, w.x12Done);
  const by = staff?.find((one) => one.id === claim.provider_id);
  const rows: [string, string][] = [
    [w.charge, formatMoney(centsOf(claim.charge))],
    [w.service, claim.service_on && formatFullDay(claim.service_on)],
    [w.placement, claim.placement_on && formatFullDay(claim.placement_on)],
    [w.length, w.months(claim.treatment_months)],
    [w.doctor, by ? `${by.first_name} ${by.last_name}` : ""],
    [w.fileBy, claim.file_by && formatFullDay(claim.file_by)],
    [w.payerNumber, claim.payer_claim_number],
    [w.note, claim.note],
  ];
  return (
    <Dialog title={`${w.kinds[claim.kind ?? ""]} ${claim.number}`} opened close={close}>
      <div className={form.form}>
        <dl className={money.facts}>
          <div>
            <dt>{w.state}</dt>
            <dd>
              <span className={css.claim} data-state={claim.state}>
                {w.states[claim.state ?? ""]}
              </span>
            </dd>
          </div>
          {rows
            .filter(([, said]) => said)
            .map(([label, said]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{said}</dd>
              </div>
            ))}
        </dl>
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        {claim.state === "draft" && mayHere("claims.review") && (
          <form className={form.form} onSubmit={review}>
            <Field label={w.doctor}>
              {(props) => (
                <select
                  {...props}
                  value={doctor || doctors[0]?.id}
                  onChange={(event) => setDoctor(event.currentTarget.value)}
                >
                  {doctors.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.first_name} {one.last_name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={w.note} hint={w.noteHint}>
              {(props) => (
                <input
                  {...props}
                  maxLength={80}
                  value={note}
                  onChange={(event) => setNote(event.currentTarget.value)}
                />
              )}
            </Field>
            <div className={money.actions}>
              <Button type="submit" loading={busy}>
                {w.review}
              </Button>
            </div>
          </form>
        )}
        {claim.state !== "draft" && next.length > 0 && mayHere("claims.review") && (
          <form className={form.form} onSubmit={record}>
            <div className={form.two}>
              <Field label={w.status}>
                {(props) => (
                  <select {...props} value={wanted} onChange={(event) => setState(event.currentTarget.value as State)}>
                    {next.map((one) => (
                      <option key={one} value={one}>
                        {w.states[one]}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Field label={w.payerNumber}>
                {(props) => (
                  <input
                    {...props}
                    maxLength={50}
                    value={number}
                    onChange={(event) => setNumber(event.currentTarget.value)}
                  />
                )}
              </Field>
            </div>
            <div className={money.actions}>
              <Button type="submit" loading={busy}>
                {w.record}
              </Button>
            </div>
          </form>
        )}
        {mayHere("claims.export") && (
          <div className={money.actions}>
            <Button variant="default" loading={busy} onClick={() => void download()}>
              {w.x12}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

/** What came of a payment that was expected. */
export function CameDialog({ patient, expected, close }: { patient: Patient; expected: Expected; close: () => void }) {
  const moved = useClaimsMoved(patient);
  const [text, setText] = useState(writeDollars(centsOf(expected.amount)));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const cents = parseDollars(text);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (cents === undefined) return;
    setBusy(true);
    try {
      const params = { path: { instalment_id: expected.id }, header: ifMatch(expected.version) };
      const body = { received: usd(cents) };
      const found = await data(api.POST("/v1/expected-instalments/{instalment_id}/record", { params, body }));
      tell({ text: w.recorded(w.instalmentStates[found.expected_instalment?.state ?? ""] ?? ""), tone: "good" });
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
    await moved();
  };
  return (
    <Dialog title={w.came} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        <Field
          label={w.cameAmount(formatFullDay(expected.due_on))}
          hint={w.cameHint}
          error={cents === undefined ? w.bad : undefined}
        >
          {(props) => (
            <input
              {...props}
              data-autofocus
              inputMode="decimal"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        <div className={money.actions}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {w.record}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
