import { lazy, Suspense, useState } from "react";
import type { Patient } from "../../../api/client";
import { formatFullDay, formatMoney } from "../../../domain/i18n";
import { Card } from "../card";
import { todayAt, useHome, useMayHere } from "../data";
import { centsOf } from "../money/amounts";
import money from "../money/money.module.css";
import { type Claim, type ClaimCase, type Coverage, type Expected, useClaims } from "./data";
import css from "./insurance.module.css";
import { w } from "./words";

const ClaimDialog = lazy(() => import("./claim").then((module) => ({ default: module.ClaimDialog })));
const CameDialog = lazy(() => import("./claim").then((module) => ({ default: module.CameDialog })));

/** The claims by case, and below each case what the payer is expected to pay and what came. */
export function Claims({ patient, coverages }: { patient: Patient; coverages: Coverage[] }) {
  const claims = useClaims(patient);
  const [shown, setShown] = useState<string>();
  const open = claims.data?.find((one) => one.claim?.id === shown);
  const payerOf = (claim: Claim) => coverages.find((one) => one.id === claim.coverage_id)?.payer_name ?? "";
  const cases = new Map((claims.data ?? []).map((one) => [one.claim_case?.id ?? "", one.claim_case]));
  return (
    <div className={money.stack}>
      <Card title={w.claims} count={claims.data?.length} query={claims} empty={w.noClaims}>
        {(found) => (
          <ul className={money.payments}>
            {found.map(
              ({ claim }) =>
                claim && (
                  <li key={claim.id}>
                    <button type="button" onClick={() => setShown(claim.id)}>
                      <span>
                        <strong>{w.kinds[claim.kind ?? ""]}</strong>
                        <small>
                          {claim.number} · {payerOf(claim)} · {formatMoney(centsOf(claim.charge))}
                          {claim.service_on && ` · ${formatFullDay(claim.service_on)}`}
                        </small>
                      </span>
                      <span className={css.claim} data-state={claim.state}>
                        {w.states[claim.state ?? ""]}
                      </span>
                    </button>
                  </li>
                ),
            )}
          </ul>
        )}
      </Card>
      {[...cases.values()].map(
        (one) => one && one.instalments.length > 0 && <Payments key={one.id} patient={patient} claimCase={one} />,
      )}
      <Suspense>
        {open?.claim && <ClaimDialog patient={patient} claim={open.claim} close={() => setShown(undefined)} />}
      </Suspense>
    </div>
  );
}

function Payments({ patient, claimCase }: { patient: Patient; claimCase: ClaimCase }) {
  const today = todayAt(useHome(patient).time_zone);
  const may = useMayHere(patient)("instalments.record");
  const [wanted, setWanted] = useState<Expected>();
  const received = claimCase.instalments.reduce((sum, one) => sum + centsOf(one.received), 0);
  const outstanding = Math.max(0, centsOf(claimCase.expected) - received);
  const open = (one: Expected) => one.state === "expected" || one.state === "missing";
  return (
    <section className={css.expected} aria-label={w.instalments}>
      <h3>
        {w.instalments} <span>{w.sum(formatMoney(received), formatMoney(outstanding))}</span>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <div className={css.long} tabIndex={0} role="group" aria-label={w.instalments}>
        <table className={money.table}>
          <thead>
            <tr>
              <th scope="col">{w.due}</th>
              <th scope="col">{w.state}</th>
              <th scope="col">{w.amount}</th>
              <th scope="col">{w.received}</th>
            </tr>
          </thead>
          <tbody>
            {claimCase.instalments.map((one) => {
              const late = one.state === "expected" && one.due_on < today;
              return (
                <tr key={one.id}>
                  <td>{formatFullDay(one.due_on)}</td>
                  <td>
                    <span className={css.claim} data-state={late ? "overdue" : one.state}>
                      {late ? w.overdue : w.instalmentStates[one.state ?? ""]}
                    </span>
                  </td>
                  <td>{formatMoney(centsOf(one.amount))}</td>
                  <td>
                    {may && open(one) && one.due_on <= today ? (
                      <button type="button" className={money.link} onClick={() => setWanted(one)}>
                        {w.came}
                      </button>
                    ) : one.received ? (
                      formatMoney(centsOf(one.received))
                    ) : (
                      ""
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Suspense>
        {wanted && <CameDialog patient={patient} expected={wanted} close={() => setWanted(undefined)} />}
      </Suspense>
    </section>
  );
}
