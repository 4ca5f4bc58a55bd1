import { Button } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { ApiError, api, data, type Patient } from "../../../api/client";
import { formatMoney } from "../../../domain/i18n";
import { tell } from "../../../ui/undo";
import { useBalance, useMayHere } from "../data";
import { Buttons, Dialog, Field, form } from "../dialog";
import { centsOf, parseDollars, usd, writeDollars } from "./amounts";
import { useContracts, useMoneyMoved, usePartyName, usePayment } from "./data";
import css from "./money.module.css";
import { refusal } from "./refusal";
import { w } from "./words";

interface Debt {
  contractId: string;
  partyId: string;
  owed: number;
  late: number;
  next: number;
  /** Of a contract that has not started: what is left of the down payment. */
  down: number;
}
type Method = "cash" | "check" | "card";
const TOKEN = /^[a-z]+_[A-Za-z0-9_]+$/;

/** Who owes what: the parties of running contracts, and what is left of down payments. */
function useDebts(patient: Patient): Debt[] {
  const mayHere = useMayHere(patient);
  const { data: balance } = useBalance(patient, mayHere("balances.read"));
  const { data: contracts } = useContracts(patient, mayHere("contracts.read"));
  const running = (balance?.parties ?? []).map((one) => ({
    contractId: one.contract_id,
    partyId: one.party_id,
    owed: centsOf(one.balance),
    late: centsOf(one.past_due),
    next: centsOf(one.next_due),
    down: 0,
  }));
  const waiting = (contracts ?? [])
    .filter((one) => ["accepted", "pending", "proposed"].includes(one.state ?? ""))
    .flatMap((one) =>
      one.parties.map((party) => ({
        contractId: one.id,
        partyId: party.party_id,
        owed: centsOf(party.balance) - centsOf(party.pending),
        late: 0,
        next: 0,
        down: Math.max(0, centsOf(party.down_payment) - centsOf(party.paid) - centsOf(party.pending)),
      })),
    );
  return [...running, ...waiting].filter((debt) => debt.owed > 0);
}

/** Records money taken at the desk: written, then confirmed, then done; never before the server has said so. */
export function RecordPayment({ patient, close }: { patient: Patient; close: () => void }) {
  const debts = useDebts(patient);
  const nameOf = usePartyName(patient);
  const moved = useMoneyMoved(patient);
  const mayFollow = useMayHere(patient)("payments.read");
  const [index, setIndex] = useState(0);
  const [typed, setTyped] = useState<string>();
  const [method, setMethod] = useState<Method>("check");
  const [reference, setReference] = useState("");
  const [token, setToken] = useState("");
  const [tried, setTried] = useState(false);
  const [confirming, setConfirming] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<string>();
  // One key for one payment: trying again after a broken connection is the same payment.
  const key = useRef<string>(crypto.randomUUID());
  const settled = usePayment(mayFollow ? sent : undefined);
  const debt = debts[Math.min(index, debts.length - 1)];
  if (!debt && !sent) {
    return (
      <Dialog title={w.pay.title} opened close={close}>
        <p>{w.pay.nobody}</p>
      </Dialog>
    );
  }
  const suggested = debt ? debt.down || debt.late || debt.next || debt.owed : 0;
  const text = typed ?? writeDollars(suggested);
  const cents = parseDollars(text);
  const wrongAmount = cents === undefined ? w.pay.amountBad : cents === 0 ? w.pay.zero : undefined;
  const wrongToken = method === "card" && !TOKEN.test(token) ? w.pay.tokenBad : undefined;
  const amount = formatMoney(cents ?? 0);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setError(undefined);
    if (wrongAmount || wrongToken || !debt) return;
    if (!confirming) return setConfirming(true);
    setBusy(true);
    try {
      const body = {
        party_id: debt.partyId,
        amount: usd(cents as number),
        method,
        ...(method === "card" ? { token } : { reference }),
      };
      const params = { path: { contract_id: debt.contractId }, header: { "Idempotency-Key": key.current } };
      const { payment } = await data(api.POST("/v1/contracts/{contract_id}/payments", { params, body }));
      if (payment?.state === "pending" && mayFollow) setSent(payment.id);
      else {
        tell({ text: w.pay.done(amount), tone: "good" });
        close();
      }
      await moved();
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.status !== 0) {
        key.current = crypto.randomUUID();
        setConfirming(false);
      }
      setError(failure);
    }
    setBusy(false);
  };
  if (sent) {
    const state = settled.data?.state ?? "pending";
    return (
      <Dialog
        title={w.pay.title}
        opened
        close={() => {
          void moved();
          close();
        }}
      >
        <div className={form.form}>
          <p role="status" className={css.outcome} data-state={state}>
            <strong>{w.paymentStates[state]}</strong>
            {state === "pending" ? w.pay.waiting : state === "failed" ? w.pay.declined : w.pay.done(amount)}
            {state === "failed" && <small>{settled.data?.failure_reason}</small>}
          </p>
        </div>
      </Dialog>
    );
  }
  if (!debt) return null;
  const quick: [string, number][] = [
    [w.pay.down(formatMoney(debt.down)), debt.down],
    [w.pay.late(formatMoney(debt.late)), debt.late],
    [w.pay.next(formatMoney(debt.next)), debt.next],
    [w.pay.whole(formatMoney(debt.owed)), debt.owed],
  ];
  return (
    <Dialog title={w.pay.title} opened close={close}>
      <form className={form.form} onSubmit={(event) => void submit(event)} noValidate>
        {confirming ? (
          <div className={css.confirm} role="group" aria-label={w.pay.title}>
            <strong>{w.pay.confirm(amount, w.methods[method] ?? "", nameOf(debt.partyId))}</strong>
            <p>{method === "card" ? w.pay.confirmCard : w.pay.confirmLead}</p>
            {error !== undefined && <p role="alert">{refusal(error)}</p>}
            <div>
              <Button variant="default" onClick={() => setConfirming(false)} disabled={busy}>
                {w.pay.back}
              </Button>
              <Button type="submit" loading={busy} autoFocus>
                {w.pay.record(amount)}
              </Button>
            </div>
          </div>
        ) : (
          <>
            <Field label={w.pay.from}>
              {(props) => (
                <select
                  {...props}
                  value={Math.min(index, debts.length - 1)}
                  onChange={(event) => {
                    setIndex(Number(event.currentTarget.value));
                    setTyped(undefined);
                  }}
                >
                  {debts.map((one, at) => (
                    <option key={one.contractId + one.partyId} value={at}>
                      {w.pay.owes(nameOf(one.partyId), formatMoney(one.owed))}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={w.pay.amount} error={tried || typed !== undefined ? wrongAmount : undefined}>
              {(props) => (
                <input
                  {...props}
                  data-autofocus
                  className={css.amount}
                  inputMode="decimal"
                  autoComplete="off"
                  value={text}
                  onChange={(event) => setTyped(event.currentTarget.value)}
                />
              )}
            </Field>
            <div className={css.quick} role="group" aria-label={w.pay.quick}>
              {quick
                .filter(([, value]) => value > 0)
                .map(([label, value]) => (
                  <button
                    key={label}
                    type="button"
                    aria-pressed={cents === value}
                    onClick={() => setTyped(writeDollars(value))}
                  >
                    {label}
                  </button>
                ))}
            </div>
            <fieldset className={css.methods}>
              <legend>{w.pay.method}</legend>
              {(["cash", "check", "card"] as const).map((one) => (
                <label key={one}>
                  <input type="radio" name="method" checked={method === one} onChange={() => setMethod(one)} />
                  <span>{w.methods[one]}</span>
                </label>
              ))}
            </fieldset>
            {method === "card" ? (
              <Field label={w.pay.token} hint={w.pay.tokenHint} error={tried ? wrongToken : undefined}>
                {(props) => (
                  <input
                    {...props}
                    autoComplete="off"
                    value={token}
                    onChange={(event) => setToken(event.currentTarget.value.trim())}
                  />
                )}
              </Field>
            ) : (
              <Field label={w.pay.reference}>
                {(props) => (
                  <input
                    {...props}
                    maxLength={60}
                    value={reference}
                    onChange={(event) => setReference(event.currentTarget.value)}
                  />
                )}
              </Field>
            )}
            {error !== undefined && (
              <p role="alert" className={css.refused}>
                {refusal(error)}
              </p>
            )}
            <Buttons close={close} save={w.pay.go} busy={busy} />
          </>
        )}
      </form>
    </Dialog>
  );
}
