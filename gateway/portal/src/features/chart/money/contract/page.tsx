import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, data, ifMatch, type Patient } from "../../../../api/client";
import { formatFullDay, formatMoney } from "../../../../domain/i18n";
import { tell } from "../../../../ui/undo";
import { Card } from "../../card";
import { todayAt, useHome, useMayHere } from "../../data";
import { centsOf } from "../amounts";
import { type Contract, useContracts, useMoneyMoved, usePartyName, usePayments } from "../data";
import money from "../money.module.css";
import { refusal } from "../refusal";
import { w } from "../words";
import css from "./contract.module.css";
import { Documents } from "./documents";
import { SettlementCard } from "./settlement";
import { l } from "./words";

const Change = lazy(() => import("./terms").then((module) => ({ default: module.Change })));

/** The agreement on the fee: who pays what and when, what it was before, and what was signed. */
export function ContractTab({ patient }: { patient: Patient }) {
  const contracts = useContracts(patient, true);
  const [chosen, setChosen] = useState("");
  const all = contracts.data ?? [];
  const contract = all.find((one) => one.id === chosen) ?? all[0];
  if (!contract) {
    return (
      <Card title={l.which} query={contracts} empty={`${l.none}. ${l.noneLead}`} lines={8}>
        {() => null}
      </Card>
    );
  }
  return (
    <div className={money.page}>
      {all.length > 1 && (
        <div className={css.which} role="group" aria-label={l.which}>
          {all.map((one) => (
            <button key={one.id} type="button" aria-pressed={one === contract} onClick={() => setChosen(one.id)}>
              {w.phases[one.phase ?? ""] ?? l.which} · {formatFullDay((one.create_time ?? "").slice(0, 10))}
            </button>
          ))}
        </div>
      )}
      <Whole key={contract.id} patient={patient} contract={contract} />
    </div>
  );
}

function Whole({ patient, contract }: { patient: Patient; contract: Contract }) {
  const mayHere = useMayHere(patient);
  return (
    <>
      <Terms patient={patient} contract={contract} />
      {contract.settlement && contract.settlement.state !== "rejected" && (
        <SettlementCard patient={patient} settlement={contract.settlement} />
      )}
      <div className={money.two}>
        <div className={money.stack}>
          <Parties patient={patient} contract={contract} />
          <Schedule patient={patient} contract={contract} />
        </div>
        <div className={money.stack}>
          <Versions contract={contract} />
          {mayHere("documents.read") && <Documents patient={patient} contractId={contract.id} />}
          {contract.disclosure?.required && <Disclosure contract={contract} />}
        </div>
      </div>
    </>
  );
}

function Terms({ patient, contract }: { patient: Patient; contract: Contract }) {
  const mayHere = useMayHere(patient);
  const [open, setOpen] = useState<"amend" | "end" | "cancel">();
  const { data: quote } = useQuery({
    queryKey: ["quote", contract.quote_id],
    queryFn: () =>
      data(api.GET("/v1/quotes/{quote_id}", { params: { path: { quote_id: contract.quote_id } } })).then(
        (one) => one.quote,
      ),
    enabled: mayHere("quotes.read") && contract.quote_id !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [fee, total] = [centsOf(contract.treatment_fee), centsOf(contract.total_fee)];
  const discounts = quote?.discounts ?? [];
  const told = discounts.reduce((sum, one) => sum + centsOf(one.amount), 0);
  const cuts: [string, number][] =
    told === fee - total
      ? discounts.map((one) => [l.discounts[one.kind ?? ""] ?? l.discount, centsOf(one.amount)])
      : [[l.discount, fee - total]];
  const rows: [string, number][] = [
    [l.fee, fee],
    ...cuts.filter(([, cents]) => cents !== 0).map(([name, cents]): [string, number] => [name, -cents]),
    ...(centsOf(contract.insurance_portion)
      ? [[l.insurance, -centsOf(contract.insurance_portion)] as [string, number]]
      : []),
  ];
  const [portion, paid] = [centsOf(contract.patient_portion), centsOf(contract.paid)];
  const active = contract.state === "active";
  const waiting = ["proposed", "accepted", "pending"].includes(contract.state ?? "");
  return (
    <section className={css.terms} aria-label={l.which}>
      <div className={css.head}>
        <span className={money.badge} data-state={contract.state}>
          {l.states[contract.state ?? ""]}
        </span>
        <h2>{quote?.title || w.phases[contract.phase ?? ""]}</h2>
        <p>
          {w.phases[contract.phase ?? ""]} · {w.months(contract.treatment_months)} ·{" "}
          {contract.activated_on
            ? l.since(formatFullDay(contract.activated_on))
            : l.drawn(formatFullDay((contract.create_time ?? "").slice(0, 10)))}
        </p>
        <progress
          max={Math.max(1, portion)}
          value={Math.max(0, Math.min(paid, portion))}
          aria-label={l.progress(formatMoney(paid), formatMoney(portion))}
        />
        <p>{l.progress(formatMoney(paid), formatMoney(portion))}</p>
        <div className={css.actions}>
          {active && mayHere("contracts.amend") && (
            <Button size="xs" variant="default" onClick={() => setOpen("amend")}>
              {l.amend}
            </Button>
          )}
          {active && mayHere("contracts.end") && contract.settlement?.state !== "proposed" && (
            <Button size="xs" variant="default" onClick={() => setOpen("end")}>
              {l.end}
            </Button>
          )}
          {waiting && mayHere("contracts.cancel") && (
            <Button size="xs" variant="default" onClick={() => setOpen("cancel")}>
              {l.cancel}
            </Button>
          )}
        </div>
      </div>
      <dl className={css.sum}>
        {rows.map(([name, cents]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatMoney(cents)}</dd>
          </div>
        ))}
        <div className={css.whole}>
          <dt>{l.portion}</dt>
          <dd>{formatMoney(portion)}</dd>
        </div>
        <div>
          <dt>{l.down}</dt>
          <dd>{formatMoney(centsOf(contract.down_payment))}</dd>
        </div>
        {contract.instalment_count > 0 && (
          <div>
            <dt>{l.schedule}</dt>
            <dd>{l.financed(contract.instalment_count, formatMoney(centsOf(contract.instalment)))}</dd>
          </div>
        )}
      </dl>
      {open && (
        <Suspense>
          <Change what={open} patient={patient} contract={contract} close={() => setOpen(undefined)} />
        </Suspense>
      )}
    </section>
  );
}

function Parties({ patient, contract }: { patient: Patient; contract: Contract }) {
  const nameOf = usePartyName(patient);
  const mayStop = useMayHere(patient)("autopay.stop");
  const moved = useMoneyMoved(patient);
  const stop = async (id: string, version: number) => {
    try {
      const params = { path: { autopay_id: id }, header: ifMatch(version) };
      await data(api.POST("/v1/autopay/{autopay_id}/stop", { params, body: {} }));
      tell({ text: l.stopped, tone: "good" });
    } catch (error) {
      tell({ text: refusal(error), tone: "bad" });
    }
    await moved();
  };
  return (
    <section className={css.card} aria-label={l.parties}>
      <h3>{l.parties}</h3>
      <ul className={css.parties}>
        {contract.parties.map((party) => {
          const autopay = contract.autopay.find((one) => one.party_id === party.party_id);
          const [owes, paid] = [centsOf(party.portion) + centsOf(party.adjusted), centsOf(party.paid)];
          return (
            <li key={party.party_id}>
              <div>
                <strong>{nameOf(party.party_id)}</strong>
                <small>
                  {l.share} {party.basis_points / 100}% · {l.draftDay(party.draft_day)}
                </small>
              </div>
              <div>
                <b>{formatMoney(centsOf(party.balance))}</b>
                <small>{l.progress(formatMoney(paid), formatMoney(owes))}</small>
                {centsOf(party.pending) > 0 && <small>{l.pending(formatMoney(centsOf(party.pending)))}</small>}
                {centsOf(party.adjusted) !== 0 && <small>{l.adjusted(formatMoney(centsOf(party.adjusted)))}</small>}
              </div>
              <div>
                <span className={money.badge} data-state={party.sign_time ? "signed" : "proposed"}>
                  {party.sign_time ? l.signed(formatFullDay(party.sign_time.slice(0, 10))) : l.unsigned}
                </span>
                {autopay ? (
                  <span className={css.autopay}>
                    <span className={money.badge} data-state={autopay.state}>
                      {l.autopay[autopay.state ?? ""]}
                    </span>
                    {autopay.next_draft_on && <small>{l.draft(formatFullDay(autopay.next_draft_on))}</small>}
                    {mayStop && (
                      <button
                        type="button"
                        className={money.link}
                        onClick={() =>
                          window.confirm(l.stopConfirm(nameOf(party.party_id))) &&
                          void stop(autopay.id, autopay.version)
                        }
                      >
                        {l.stop}
                      </button>
                    )}
                  </span>
                ) : (
                  <small>{l.noAutopay}</small>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Schedule({ patient, contract }: { patient: Patient; contract: Contract }) {
  const nameOf = usePartyName(patient);
  const home = useHome(patient);
  const { data: payments } = usePayments(patient, useMayHere(patient)("payments.read"));
  const today = todayAt(home.time_zone);
  const failed = (payments ?? []).filter((one) => one.state === "failed" && one.contract_id === contract.id);
  const rows = [...contract.instalments].sort((a, b) => a.due_on.localeCompare(b.due_on) || a.number - b.number);
  const split = contract.parties.length > 1;
  const stateOf = (row: (typeof rows)[number]) => {
    if (row.state !== "due") return row.state ?? "upcoming";
    const declined = failed.some((one) => one.party_id === row.party_id && one.received_on >= row.due_on);
    return declined ? "failed" : row.due_on < today ? "late" : "due";
  };
  return (
    <section className={css.card} aria-label={l.schedule}>
      <h3>{l.schedule}</h3>
      {rows.length === 0 ? (
        <p>{l.noSchedule}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
        <div className={css.long} tabIndex={0} role="group" aria-label={l.schedule}>
          <table className={money.table}>
            <thead>
              <tr>
                <th scope="col">{l.due}</th>
                <th scope="col">{split ? w.who : "#"}</th>
                <th scope="col">{l.amount}</th>
                <th scope="col">{l.state}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => {
                const state = stateOf(row);
                const partly = state !== "paid" && centsOf(row.paid) > 0;
                return (
                  <tr key={`${row.party_id} ${row.number}`}>
                    <td>{formatFullDay(row.due_on)}</td>
                    <td>{split ? nameOf(row.party_id) : row.number}</td>
                    <td>{formatMoney(centsOf(row.amount))}</td>
                    <td>
                      {partly && <small>{l.partly(formatMoney(centsOf(row.paid)))} </small>}
                      <span className={money.badge} data-state={state}>
                        {l.instalmentStates[state]}
                      </span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Versions({ contract }: { contract: Contract }) {
  const newest = [...contract.versions].reverse();
  return (
    <section className={css.card} aria-label={l.versions}>
      <h3>{l.versions}</h3>
      <ol className={css.versions}>
        {newest.map((one) => {
          const inForce = one.number === contract.version_number;
          const state = one.state === "proposed" ? l.waits : inForce ? l.inForce : l.applied;
          return (
            <li key={one.number} data-now={inForce || undefined}>
              <div>
                <strong>{l.version(one.number)}</strong>
                <span
                  className={money.badge}
                  data-state={one.state === "proposed" ? "proposed" : inForce ? "active" : ""}
                >
                  {state}
                </span>
              </div>
              <p>
                {formatFullDay((one.create_time ?? "").slice(0, 10))} · {formatMoney(centsOf(one.total_fee))}
                {centsOf(one.insurance_portion) > 0 &&
                  ` · ${l.insurance} ${formatMoney(centsOf(one.insurance_portion))}`}
              </p>
              {one.reason && <p>{one.reason}</p>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Disclosure({ contract }: { contract: Contract }) {
  const { disclosure } = contract;
  if (!disclosure) return null;
  const rows: [string, string][] = [
    [l.apr, `${(disclosure.apr_basis_points / 100).toFixed(2)}%`],
    [l.financeCharge, formatMoney(centsOf(disclosure.finance_charge))],
    [l.amountFinanced, formatMoney(centsOf(disclosure.amount_financed))],
    [l.totalOfPayments, formatMoney(centsOf(disclosure.total_of_payments))],
  ];
  return (
    <section className={css.card} aria-label={l.disclosure}>
      <h3>{l.disclosure}</h3>
      <dl className={css.box}>
        {rows.map(([name, said]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{said}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
