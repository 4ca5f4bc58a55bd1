import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, type Patient } from "../../../api/client";
import { usePatientName, useStaff } from "../../../api/people";
import { useSession } from "../../../app/session";
import { formatFullDay, formatMoney, t } from "../../../domain/i18n";
import { Printer } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { useMayHere } from "../data";
import { Dialog, Field, form } from "../dialog";
import { centsOf, parseDollars, usd, writeDollars } from "./amounts";
import { type Payment, useMoneyMoved, usePartyName, usePayment } from "./data";
import css from "./money.module.css";
import { refusal } from "./refusal";
import { w } from "./words";

type Step = "look" | "refund" | "reverse";
type Reason = "entered_in_error" | "returned_check" | "chargeback";

/** One payment: how it was made, what became of it, its receipt, and the ways to give it back. */
export function PaymentDialog({ patient, id, close }: { patient: Patient; id: string; close: () => void }) {
  const { data: payment } = usePayment(id);
  const [step, setStep] = useState<Step>("look");
  if (!payment) return null;
  return (
    <Dialog title={w.payment.title(formatMoney(centsOf(payment.amount)))} opened close={close}>
      {step === "look" ? (
        <Look patient={patient} payment={payment} go={setStep} />
      ) : (
        <GiveBack patient={patient} payment={payment} how={step} back={() => setStep("look")} />
      )}
    </Dialog>
  );
}

function Look({ patient, payment, go }: { patient: Patient; payment: Payment; go: (step: Step) => void }) {
  const nameOf = usePartyName(patient);
  const called = usePatientName();
  const mayHere = useMayHere(patient);
  const staff = useStaff();
  const by = staff.data?.find((one) => one.id === payment.recorded_by);
  const how = w.methods[payment.method ?? ""] ?? "";
  const refunded = centsOf(payment.refunded);
  const rows: [string, string][] = [
    [w.who, nameOf(payment.party_id)],
    [w.payment.received, formatFullDay(payment.received_on)],
    [w.payment.method, how],
    [w.payment.kind, w.paymentKinds[payment.kind ?? ""] ?? ""],
    [w.payment.reference, payment.reference],
    [w.payment.recordedBy, payment.recorded_by ? (by ? `${by.first_name} ${by.last_name}` : "") : w.payment.byLink],
    [w.payment.why, payment.failure_reason],
    [w.payment.refunds, refunded > 0 ? w.partlyRefunded(formatMoney(refunded)) : ""],
  ];
  return (
    <div className={form.form}>
      <dl className={css.facts}>
        {rows
          .filter(([, said]) => said)
          .map(([label, said]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{said}</dd>
            </div>
          ))}
        <div>
          <dt>{w.state}</dt>
          <dd>
            <span className={css.badge} data-state={payment.state}>
              {w.paymentStates[payment.state ?? ""]}
            </span>
          </dd>
        </div>
      </dl>
      {payment.refunds.length > 0 && (
        <ul className={css.plain} aria-label={w.payment.refunds}>
          {payment.refunds.map((one) => (
            <li key={one.id}>
              <strong>{formatMoney(centsOf(one.amount))}</strong>
              <span>{one.reason}</span>
              <em>{one.state && w.paymentStates[one.state]}</em>
            </li>
          ))}
        </ul>
      )}
      <div className={css.receipt} data-print>
        <h2>{w.payment.receiptTitle}</h2>
        <p>
          {w.payment.receivedFrom} <b>{nameOf(payment.party_id)}</b>
        </p>
        <p>
          {w.payment.receiptFor} <b>{called(patient)}</b>, {t.people.chart(Number(patient.chart_number))}
        </p>
        <p className={css.big}>{formatMoney(centsOf(payment.amount))}</p>
        <p>
          {formatFullDay(payment.received_on)} · {how} {payment.reference}
        </p>
        {refunded > 0 && <p>{w.partlyRefunded(formatMoney(refunded))}</p>}
        <small>{payment.id}</small>
      </div>
      <div className={css.actions}>
        <Button variant="default" leftSection={<Printer size={15} />} onClick={() => window.print()}>
          {w.payment.receipt}
        </Button>
        {payment.state === "succeeded" && mayHere("payments.reverse") && refunded === 0 && (
          <Button variant="default" onClick={() => go("reverse")}>
            {w.payment.reverse}
          </Button>
        )}
        {payment.state === "succeeded" && mayHere("payments.refund") && (
          <Button variant="default" onClick={() => go("refund")}>
            {w.payment.refund}
          </Button>
        )}
      </div>
    </div>
  );
}

function GiveBack({
  patient,
  payment,
  how,
  back,
}: {
  patient: Patient;
  payment: Payment;
  how: "refund" | "reverse";
  back: () => void;
}) {
  const moved = useMoneyMoved(patient);
  const { session } = useSession();
  const most = centsOf(payment.amount) - centsOf(payment.refunded);
  const [text, setText] = useState(writeDollars(most));
  const [why, setWhy] = useState("");
  const [reason, setReason] = useState<Reason>("entered_in_error");
  const [confirming, setConfirming] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const cents = how === "refund" ? parseDollars(text) : centsOf(payment.amount);
  const bad =
    cents === undefined
      ? w.pay.amountBad
      : cents === 0
        ? w.pay.zero
        : cents > most
          ? w.payment.refundable(formatMoney(most))
          : undefined;
  const amount = formatMoney(cents ?? 0);
  const own = payment.recorded_by === session.user_id && (cents ?? 0) > 500_00;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setError(undefined);
    if (bad || (how === "refund" && !why.trim())) return;
    if (!confirming) return setConfirming(true);
    setBusy(true);
    try {
      const params = { path: { payment_id: payment.id }, header: ifMatch(payment.version) };
      if (how === "refund") {
        const body = { amount: usd(cents as number), reason: why.trim() };
        await data(api.POST("/v1/payments/{payment_id}/refund", { params, body }));
      } else await data(api.POST("/v1/payments/{payment_id}/reverse", { params, body: { reason } }));
      await moved();
      tell({ text: how === "refund" ? w.payment.refunded(amount) : w.payment.reversed(amount), tone: "good" });
      back();
    } catch (failure) {
      setError(failure);
      setConfirming(false);
      void moved();
    }
    setBusy(false);
  };
  return (
    <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
      {confirming ? (
        <div className={css.confirm} role="group" aria-label={w.payment.title(amount)}>
          <strong>
            {how === "refund"
              ? w.payment.refundConfirm(amount, w.methods[payment.method ?? ""] ?? "")
              : w.payment.reverseConfirm(amount)}
          </strong>
          <div>
            <Button variant="default" disabled={busy} onClick={() => setConfirming(false)}>
              {w.pay.back}
            </Button>
            <Button type="submit" color="red" loading={busy} autoFocus>
              {how === "refund" ? w.payment.refundGo(amount) : w.payment.reverseGo}
            </Button>
          </div>
        </div>
      ) : (
        <>
          {how === "refund" ? (
            <>
              <Field label={w.pay.amount} hint={w.payment.refundable(formatMoney(most))} error={bad}>
                {(props) => (
                  <input
                    {...props}
                    className={css.amount}
                    inputMode="decimal"
                    value={text}
                    onChange={(event) => setText(event.currentTarget.value)}
                  />
                )}
              </Field>
              <Field label={w.payment.refundReason} error={tried && !why.trim() ? w.sayWhy : undefined}>
                {(props) => (
                  <input
                    {...props}
                    data-autofocus
                    maxLength={500}
                    value={why}
                    onChange={(event) => setWhy(event.currentTarget.value)}
                  />
                )}
              </Field>
            </>
          ) : (
            <Field label={w.payment.reverseReason}>
              {(props) => (
                <select {...props} value={reason} onChange={(event) => setReason(event.currentTarget.value as Reason)}>
                  {Object.entries(w.payment.reverseReasons).map(([code, said]) => (
                    <option key={code} value={code}>
                      {said}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          {own && <p className={css.note}>{w.payment.second}</p>}
          {error !== undefined && (
            <p role="alert" className={css.refused}>
              {refusal(error)}
            </p>
          )}
          <div className={css.actions}>
            <Button variant="default" onClick={back}>
              {w.pay.back}
            </Button>
            <Button type="submit">{w.pay.go}</Button>
          </div>
        </>
      )}
    </form>
  );
}
