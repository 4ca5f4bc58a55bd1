import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, once, type Patient } from "../../../api/client";
import { addDays } from "../../../domain/time";
import { tell } from "../../../ui/undo";
import { todayAt, useCases, useHome, useMayHere } from "../data";
import { Dialog, Field, form } from "../dialog";
import { centsOf, parseDollars, usd, writeDollars } from "../money/amounts";
import money from "../money/money.module.css";
import { type Coverage, refusal } from "./data";
import css from "./insurance.module.css";
import { w } from "./words";

const METHODS = ["x12", "phone", "portal"] as const;

/** Benefits from the payer's file, or as somebody heard or read them. */
export function VerifyDialog({
  patient,
  coverage,
  close,
}: {
  patient: Patient;
  coverage: Coverage;
  close: () => void;
}) {
  const queries = useQueryClient();
  const [method, setMethod] = useState<(typeof METHODS)[number]>("x12");
  const [file, setFile] = useState<File>();
  const [told, setTold] = useState({
    by: "",
    reference: "",
    covered: "yes",
    percent: "",
    maximum: "",
    remaining: "",
    deductible: "",
    age: "",
    waiting: "",
  });
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const set = (what: Partial<typeof told>) => setTold((was) => ({ ...was, ...what }));
  const amounts = [told.maximum, told.remaining, told.deductible];
  const bad = amounts.some((text) => text !== "" && parseDollars(text) === undefined);
  const paidBack = (text: string) => (text === "" ? undefined : usd(parseDollars(text) as number));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    if (method === "x12" ? !file : bad) return;
    setBusy(true);
    const params = { path: { coverage_id: coverage.id }, header: once() };
    try {
      if (method === "x12") {
        const x12 = await (file as File).text();
        await data(api.POST("/v1/coverages/{coverage_id}/eligibility", { params, body: { x12 } }));
      } else {
        const benefits = {
          covered: told.covered as "yes",
          ...(told.percent === "" ? {} : { plan_percent_basis_points: Math.round(Number(told.percent) * 100) }),
          ...(told.age === "" ? {} : { maximum_age: Number(told.age) }),
          ...(told.waiting === "" ? {} : { waiting_until: told.waiting }),
          lifetime_maximum: paidBack(told.maximum),
          lifetime_remaining: paidBack(told.remaining),
          deductible: paidBack(told.deductible),
        };
        const body = { method, answered_by: told.by, reference: told.reference, benefits };
        await data(api.POST("/v1/coverages/{coverage_id}/verifications", { params, body }));
      }
      tell({ text: w.saved, tone: "good" });
      await queries.invalidateQueries({ queryKey: ["benefits", coverage.id] });
      void queries.invalidateQueries({ queryKey: ["timeline", patient.id] });
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const amount = (label: string, key: "maximum" | "remaining" | "deductible") => (
    <Field label={label} error={told[key] !== "" && parseDollars(told[key]) === undefined ? w.bad : undefined}>
      {(props) => (
        <input
          {...props}
          inputMode="decimal"
          value={told[key]}
          onChange={(event) => set({ [key]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <Dialog title={`${w.verify}: ${coverage.payer_name}`} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        <fieldset className={money.methods}>
          <legend>{w.how}</legend>
          {METHODS.map((one) => (
            <label key={one}>
              <input type="radio" name="how" checked={method === one} onChange={() => setMethod(one)} />
              <span>{w.methods[one]}</span>
            </label>
          ))}
        </fieldset>
        {method === "x12" ? (
          <>
            <p>{w.importLead}</p>
            <Field label={w.file}>
              {(props) => (
                <input
                  {...props}
                  type="file"
                  accept=".edi,.271,.x12,.txt"
                  onChange={(event) => setFile(event.currentTarget.files?.[0])}
                />
              )}
            </Field>
          </>
        ) : (
          <>
            <div className={form.two}>
              {method === "phone" && (
                <Field label={w.answeredBy}>
                  {(props) => (
                    <input
                      {...props}
                      required
                      maxLength={120}
                      value={told.by}
                      onChange={(event) => set({ by: event.currentTarget.value })}
                    />
                  )}
                </Field>
              )}
              <Field label={w.reference}>
                {(props) => (
                  <input
                    {...props}
                    maxLength={60}
                    value={told.reference}
                    onChange={(event) => set({ reference: event.currentTarget.value })}
                  />
                )}
              </Field>
            </div>
            <h3 className={css.said}>
              {w.said} <span>{w.unsaid}</span>
            </h3>
            <div className={form.two}>
              <Field label={w.fields.covered ?? ""}>
                {(props) => (
                  <select
                    {...props}
                    value={told.covered}
                    onChange={(event) => set({ covered: event.currentTarget.value })}
                  >
                    {Object.entries(w.covered).map(([code, said]) => (
                      <option key={code} value={code}>
                        {said}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Field label={w.percent}>
                {(props) => (
                  <input
                    {...props}
                    type="number"
                    min={0}
                    max={100}
                    value={told.percent}
                    onChange={(event) => set({ percent: event.currentTarget.value })}
                  />
                )}
              </Field>
              {amount(w.maximum, "maximum")}
              {amount(w.remaining, "remaining")}
              {amount(w.deductible, "deductible")}
              <Field label={w.ageLimit}>
                {(props) => (
                  <input
                    {...props}
                    type="number"
                    min={0}
                    max={120}
                    value={told.age}
                    onChange={(event) => set({ age: event.currentTarget.value })}
                  />
                )}
              </Field>
              <Field label={w.waiting}>
                {(props) => (
                  <input
                    {...props}
                    type="date"
                    value={told.waiting}
                    onChange={(event) => set({ waiting: event.currentTarget.value })}
                  />
                )}
              </Field>
            </div>
          </>
        )}
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        <div className={money.actions}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={method === "x12" && !file}>
            {w.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What a treatment would bring from insurance: asked of the service, which explains it line by line. */
export function EstimateDialog({
  patient,
  coverages,
  close,
}: {
  patient: Patient;
  coverages: Coverage[];
  close: () => void;
}) {
  const queries = useQueryClient();
  const { data: cases } = useCases(patient, useMayHere(patient)("cases.read"));
  const current = cases?.[0];
  const today = todayAt(useHome(patient).time_zone);
  const [coverageId, setCoverageId] = useState(coverages[0]?.id ?? "");
  const [fee, setFee] = useState<string>();
  const [months, setMonths] = useState("22");
  const [start, setStart] = useState(addDays(today, 14));
  const [notCovered, setNotCovered] = useState("");
  const [elsewhere, setElsewhere] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const feeText = fee ?? (current?.value ? writeDollars(centsOf(current.value)) : "");
  const cents = parseDollars(feeText);
  const optional = (text: string) => (text === "" ? undefined : parseDollars(text));
  const bad = !cents || [notCovered, elsewhere].some((text) => text !== "" && parseDollars(text) === undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    if (bad) return;
    setBusy(true);
    try {
      const [off, used] = [optional(notCovered), optional(elsewhere)];
      const body = {
        ...(current ? { case_id: current.id } : {}),
        total_fee: usd(cents),
        treatment_months: Number(months),
        start_on: start,
        ...(off === undefined ? {} : { not_covered_fee: usd(off) }),
        ...(used === undefined ? {} : { used_elsewhere: usd(used) }),
      };
      const params = { path: { coverage_id: coverageId }, header: once() };
      await data(api.POST("/v1/coverages/{coverage_id}/estimates", { params, body }));
      tell({ text: w.computed, tone: "good" });
      await queries.invalidateQueries({ queryKey: ["estimates", patient.id] });
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const amount = (label: string, value: string, setValue: (value: string) => void, needed: boolean) => (
    <Field label={label} error={(needed || value !== "") && parseDollars(value) === undefined ? w.bad : undefined}>
      {(props) => (
        <input {...props} inputMode="decimal" value={value} onChange={(event) => setValue(event.currentTarget.value)} />
      )}
    </Field>
  );
  return (
    <Dialog title={w.newEstimate} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        {coverages.length > 1 && (
          <Field label={w.coverages}>
            {(props) => (
              <select {...props} value={coverageId} onChange={(event) => setCoverageId(event.currentTarget.value)}>
                {coverages.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.payer_name}, {one.plan_name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <div className={form.two}>
          {amount(w.fee, feeText, setFee, feeText !== "")}
          <Field label={w.length}>
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
          <Field label={w.start}>
            {(props) => (
              <input {...props} type="date" value={start} onChange={(event) => setStart(event.currentTarget.value)} />
            )}
          </Field>
          {amount(w.notCovered, notCovered, setNotCovered, false)}
          {amount(w.usedElsewhere, elsewhere, setElsewhere, false)}
        </div>
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        <div className={money.actions}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={bad}>
            {w.compute}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
