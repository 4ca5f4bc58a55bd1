import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Patient } from "../../../api/client";
import { formatFullDay, formatMoney, formatShortDay } from "../../../domain/i18n";
import { Plus, Printer } from "../../../ui/icons";
import { Card } from "../card";
import { useBalance, useMayHere } from "../data";
import { centsOf } from "./amounts";
import { useLedger, usePartyName, usePayments } from "./data";
import css from "./money.module.css";
import { type Line, only, statement, toCsv } from "./statement";
import { w } from "./words";

const RecordPayment = lazy(() => import("./pay").then((module) => ({ default: module.RecordPayment })));
const PaymentDialog = lazy(() => import("./payment").then((module) => ({ default: module.PaymentDialog })));

const FILTERS = ["all", "charges", "payments"] as const;

/** What a line was, in words of the family. */
const said = (line: Pick<Line, "kind" | "method" | "reason">): string => {
  const kind = w.kinds[line.kind] ?? line.kind;
  const method = w.methods[line.method];
  return `${method && line.kind === "payment" ? w.byMethod(kind, method) : kind}${line.reason ? `: ${line.reason}` : ""}`;
};

/** The money of a patient: what is owed, the statement that says why, and the payments. */
export function LedgerTab({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const navigate = useNavigate();
  const { item } = useSearch({ strict: false }) as { item?: string };
  const [paying, setPaying] = useState(false);
  const show = (id: string | undefined) =>
    void navigate({ to: ".", search: (was: object) => ({ ...was, item: id }), replace: true });
  return (
    <div className={css.page}>
      <div className={css.top}>
        {mayHere("balances.read") && <Owed patient={patient} />}
        {mayHere("payments.record") && (
          <Button leftSection={<Plus size={15} />} onClick={() => setPaying(true)}>
            {w.pay.open}
          </Button>
        )}
      </div>
      <div className={css.two}>
        {mayHere("ledger.read") ? <Ledger patient={patient} show={show} /> : <p className={css.note}>{w.noLedger}</p>}
        {mayHere("payments.read") && <Payments patient={patient} show={show} />}
      </div>
      <Suspense>
        {paying && <RecordPayment patient={patient} close={() => setPaying(false)} />}
        {item && mayHere("payments.read") && (
          <PaymentDialog patient={patient} id={item} close={() => show(undefined)} />
        )}
      </Suspense>
    </div>
  );
}

function Owed({ patient }: { patient: Patient }) {
  const { data: balance } = useBalance(patient, true);
  const cents = centsOf(balance?.patient_balance);
  const late = centsOf(balance?.past_due);
  const coming = (balance?.parties ?? []).filter((one) => one.next_due_on);
  coming.sort((a, b) => a.next_due_on.localeCompare(b.next_due_on));
  const next = coming[0]?.next_due_on;
  const due = coming.filter((one) => one.next_due_on === next).reduce((sum, one) => sum + centsOf(one.next_due), 0);
  return (
    <dl className={css.tiles}>
      <div>
        <dt>{cents < 0 ? w.credit : w.balance}</dt>
        <dd data-balance>{balance ? formatMoney(Math.abs(cents)) : "…"}</dd>
      </div>
      <div data-tone={late > 0 ? "bad" : undefined}>
        <dt>{w.pastDue}</dt>
        <dd>{balance ? formatMoney(late) : "…"}</dd>
      </div>
      <div>
        <dt>{w.nextDue}</dt>
        <dd>
          {next ? formatMoney(due) : balance ? w.nothingDue : "…"} {next && <small>{formatShortDay(next)}</small>}
        </dd>
      </div>
      <div>
        <dt>{w.insuranceBalance}</dt>
        <dd>{balance ? formatMoney(centsOf(balance.insurance_balance)) : "…"}</dd>
      </div>
    </dl>
  );
}

function Ledger({ patient, show }: { patient: Patient; show: (paymentId: string) => void }) {
  const nameOf = usePartyName(patient);
  const mayOpen = useMayHere(patient)("payments.read");
  const [insurance, setInsurance] = useState(false);
  const [party, setParty] = useState("");
  const [filter, setFilter] = useState<(typeof FILTERS)[number]>("all");
  const ledger = useLedger(patient, insurance ? "insurance_receivable" : "patient_receivable", true);
  const parties = [...new Set((ledger.data ?? []).map((one) => one.partyId).filter(Boolean))];
  const whole = useMemo(() => statement(ledger.data ?? [], insurance ? "" : party), [ledger.data, insurance, party]);
  const lines = only(whole.lines, filter);
  const split = !insurance && parties.length > 1;
  const download = () => {
    const heads = [w.date, w.what, w.who, w.charge, w.paid, w.left];
    const sheet = toCsv(heads, lines, (line) => ({
      what: said(line),
      party: line.partyId ? nameOf(line.partyId) : "",
    }));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([sheet], { type: "text/csv;charset=utf-8" }));
    link.download = `statement-${patient.chart_number}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const choice = (label: string, pressed: boolean, onClick: () => void) => (
    <button key={label} type="button" aria-pressed={pressed} onClick={onClick}>
      {label}
    </button>
  );
  return (
    <Card
      title={split && party ? w.statementOf(nameOf(party)) : w.statement}
      query={ledger}
      empty={w.none}
      lines={8}
      actions={
        <div className={css.tools}>
          <Button size="xs" variant="default" onClick={download} disabled={lines.length === 0}>
            {w.csv}
          </Button>
          <Button size="xs" variant="default" leftSection={<Printer size={14} />} onClick={() => window.print()}>
            {w.print}
          </Button>
        </div>
      }
    >
      {() => (
        <>
          <div className={css.filters}>
            <div role="group" aria-label={w.account}>
              {choice(w.family, !insurance, () => setInsurance(false))}
              {choice(w.insuranceStatement, insurance, () => setInsurance(true))}
            </div>
            {split && (
              <div role="group" aria-label={w.whose}>
                {choice(w.all, party === "", () => setParty(""))}
                {parties.map((id) => choice(nameOf(id), party === id, () => setParty(id)))}
              </div>
            )}
            <div role="group" aria-label={w.show}>
              {FILTERS.map((one) => choice(w.filters[one] ?? one, filter === one, () => setFilter(one)))}
            </div>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
          <div className={css.scroll} tabIndex={0} role="group" aria-label={w.statement} data-print>
            <table className={css.table}>
              <thead>
                <tr>
                  <th scope="col">{w.date}</th>
                  <th scope="col">{w.what}</th>
                  {split && !party && (
                    <th scope="col" data-party>
                      {w.who}
                    </th>
                  )}
                  <th scope="col">{w.charge}</th>
                  <th scope="col">{w.paid}</th>
                  <th scope="col">{w.left}</th>
                </tr>
              </thead>
              <tbody>
                {lines.map((line) => (
                  <tr key={line.id} data-kind={line.kind}>
                    <td>{formatFullDay(line.postedOn)}</td>
                    <td>
                      {line.paymentId && mayOpen ? (
                        <button type="button" className={css.link} onClick={() => show(line.paymentId)}>
                          {said(line)}
                        </button>
                      ) : (
                        said(line)
                      )}
                    </td>
                    {split && !party && <td data-party>{nameOf(line.partyId)}</td>}
                    <td>{line.charge ? formatMoney(line.charge) : ""}</td>
                    <td>{line.payment ? formatMoney(line.payment) : ""}</td>
                    <td>{formatMoney(line.balance)}</td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row" colSpan={split && !party ? 3 : 2}>
                    {w.total}
                  </th>
                  <td>{formatMoney(whole.charged)}</td>
                  <td>{formatMoney(whole.paid)}</td>
                  <td data-total>{formatMoney(whole.balance)}</td>
                </tr>
              </tfoot>
            </table>
          </div>
        </>
      )}
    </Card>
  );
}

function Payments({ patient, show }: { patient: Patient; show: (id: string) => void }) {
  const payments = usePayments(patient, true);
  const nameOf = usePartyName(patient);
  return (
    <Card title={w.payments} count={payments.data?.length} query={payments} empty={w.noPayments}>
      {(found) => (
        <ul className={css.payments}>
          {found.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => show(one.id)}>
                <span>
                  <strong>{formatMoney(centsOf(one.amount))}</strong>
                  <small>
                    {formatFullDay(one.received_on)} · {w.methods[one.method ?? ""]} · {nameOf(one.party_id)}
                  </small>
                </span>
                <span className={css.badge} data-state={one.state}>
                  {centsOf(one.refunded) > 0 && one.state === "succeeded"
                    ? w.partlyRefunded(formatMoney(centsOf(one.refunded)))
                    : w.paymentStates[one.state ?? ""]}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
