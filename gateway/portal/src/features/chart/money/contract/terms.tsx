import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, type Patient, type Schemas } from "../../../../api/client";
import { formatMoney } from "../../../../domain/i18n";
import { monthsBetween } from "../../../../domain/treatment";
import { tell } from "../../../../ui/undo";
import { todayAt, useHome } from "../../data";
import { Buttons, Choice, Dialog, Field, form } from "../../dialog";
import { centsOf, parseDollars, usd, writeDollars } from "../amounts";
import { type Contract, useMoneyMoved } from "../data";
import money from "../money.module.css";
import { refusal } from "../refusal";
import { w } from "../words";
import css from "./contract.module.css";
import { l } from "./words";

type Policy = NonNullable<Schemas["contracts.EndContractRequest"]["policy"]>;

interface Props {
  patient: Patient;
  contract: Contract;
  close: () => void;
}

/** A change of the contract. */
export function Change({ what, ...props }: Props & { what: "amend" | "end" | "cancel" }) {
  return what === "amend" ? <Amend {...props} /> : what === "end" ? <End {...props} /> : <Cancel {...props} />;
}

function Cancel({ patient, contract, close }: Props) {
  const moved = useMoneyMoved(patient);
  const [busy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    try {
      const params = { path: { contract_id: contract.id }, header: ifMatch(contract.version) };
      await data(api.POST("/v1/contracts/{contract_id}/cancel", { params, body: {} }));
      tell({ text: l.canceled, tone: "good" });
    } catch (error) {
      tell({ text: refusal(error), tone: "bad" });
    }
    await moved();
    close();
  };
  return (
    <Dialog title={l.cancel} opened close={close}>
      <div className={money.confirm}>
        <strong>{l.cancelConfirm}</strong>
        <div>
          <Button variant="default" onClick={close}>
            {w.pay.back}
          </Button>
          <Button color="red" loading={busy} onClick={() => void cancel()}>
            {l.cancel}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Another fee, insurance or window from now on: what is posted stays, and the difference is shown before it is asked. */
function Amend({ patient, contract, close }: Props) {
  const moved = useMoneyMoved(patient);
  const [fee, setFee] = useState(writeDollars(centsOf(contract.total_fee)));
  const [insurance, setInsurance] = useState(writeDollars(centsOf(contract.insurance_portion)));
  const left = contract.instalments.filter((one) => one.state !== "paid").length;
  const [count, setCount] = useState(String(Math.max(1, left)));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [feeCents, insuranceCents] = [parseDollars(fee), parseDollars(insurance)];
  const whole = feeCents !== undefined && insuranceCents !== undefined ? feeCents - insuranceCents : undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setError(undefined);
    if (!feeCents || insuranceCents === undefined || !reason.trim()) return;
    setBusy(true);
    try {
      const body = {
        total_fee: usd(feeCents),
        insurance_portion: usd(insuranceCents),
        instalment_count: Number(count),
        reason: reason.trim(),
      };
      const params = { path: { contract_id: contract.id }, header: ifMatch(contract.version) };
      const answer = await data(api.POST("/v1/contracts/{contract_id}/amend", { params, body }));
      const waits = answer.contract?.versions.at(-1)?.state === "proposed";
      tell({ text: waits ? l.amendedWaits : l.amended, tone: "good" });
      await moved();
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const amount = (label: string, value: string, set: (value: string) => void, cents: number | undefined) => (
    <Field label={label} error={cents === undefined ? w.pay.amountBad : undefined}>
      {(props) => (
        <input {...props} inputMode="decimal" value={value} onChange={(event) => set(event.currentTarget.value)} />
      )}
    </Field>
  );
  return (
    <Dialog title={l.amendTitle} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        <p>{l.amendLead}</p>
        {amount(l.newFee, fee, setFee, feeCents)}
        {amount(l.newInsurance, insurance, setInsurance, insuranceCents)}
        <Field label={l.newCount}>
          {(props) => (
            <input
              {...props}
              type="number"
              min={1}
              max={60}
              value={count}
              onChange={(event) => setCount(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={l.reason} error={tried && !reason.trim() ? w.sayWhy : undefined}>
          {(props) => (
            <input
              {...props}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <dl className={css.box}>
          <div>
            <dt>
              {l.portion}, {l.before}
            </dt>
            <dd>{formatMoney(centsOf(contract.patient_portion))}</dd>
          </div>
          <div>
            <dt>
              {l.portion}, {l.after}
            </dt>
            <dd>{whole === undefined ? "–" : formatMoney(whole)}</dd>
          </div>
        </dl>
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        <Buttons close={close} save={l.amendGo} busy={busy} />
      </form>
    </Dialog>
  );
}

/** Asks the service for the settlement of an early end; it stands on the contract then, for a second person. */
function End({ patient, contract, close }: Props) {
  const moved = useMoneyMoved(patient);
  const today = todayAt(useHome(patient).time_zone);
  const done = contract.activated_on ? Math.max(0, monthsBetween(contract.activated_on, today)) : 0;
  const [policy, setPolicy] = useState<Policy>("front_loaded");
  const [endOn, setEndOn] = useState(today);
  const [months, setMonths] = useState(String(Math.min(60, done)));
  const [removed, setRemoved] = useState(false);
  const [defaulted, setDefaulted] = useState(false);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setError(undefined);
    if (!reason.trim()) return;
    setBusy(true);
    try {
      const body = { policy, end_on: endOn, months_done: Number(months), removed, defaulted, reason: reason.trim() };
      const params = { path: { contract_id: contract.id }, header: ifMatch(contract.version) };
      await data(api.POST("/v1/contracts/{contract_id}/end", { params, body }));
      await moved();
      close();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <Dialog title={l.endTitle} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        <p>{l.endLead}</p>
        <Field label={l.policy}>
          {(props) => (
            <select {...props} value={policy} onChange={(event) => setPolicy(event.currentTarget.value as Policy)}>
              {Object.entries(l.policies).map(([code, said]) => (
                <option key={code} value={code}>
                  {said}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div className={form.two}>
          <Field label={l.endOn}>
            {(props) => (
              <input
                {...props}
                type="date"
                value={endOn}
                onChange={(event) => setEndOn(event.currentTarget.value || today)}
              />
            )}
          </Field>
          <Field label={l.monthsDone}>
            {(props) => (
              <input
                {...props}
                type="number"
                min={0}
                max={60}
                value={months}
                onChange={(event) => setMonths(event.currentTarget.value)}
              />
            )}
          </Field>
        </div>
        <Choice label={l.removed} checked={removed} onChange={setRemoved} />
        <Choice label={l.defaulted} checked={defaulted} onChange={setDefaulted} />
        <Field label={l.reason} error={tried && !reason.trim() ? w.sayWhy : undefined}>
          {(props) => (
            <input
              {...props}
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        {error !== undefined && (
          <p role="alert" className={money.refused}>
            {refusal(error)}
          </p>
        )}
        <Buttons close={close} save={l.endGo} busy={busy} />
      </form>
    </Dialog>
  );
}
