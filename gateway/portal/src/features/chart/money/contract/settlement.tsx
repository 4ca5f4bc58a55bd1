import { Button } from "@mantine/core";
import { useState } from "react";
import { api, data, ifMatch, type Patient } from "../../../../api/client";
import { useStaff } from "../../../../api/people";
import { useSession } from "../../../../app/session";
import { formatMoney } from "../../../../domain/i18n";
import { tell } from "../../../../ui/undo";
import { useMayHere } from "../../data";
import { centsOf } from "../amounts";
import { type Settlement, useMoneyMoved } from "../data";
import money from "../money.module.css";
import { refusal } from "../refusal";
import { w } from "../words";
import css from "./contract.module.css";
import { l } from "./words";

/** The account of a contract that ends early, line by line; a second person posts it. */
export function SettlementCard({ patient, settlement }: { patient: Patient; settlement: Settlement }) {
  const mayDecide = useMayHere(patient)("settlements.approve") && settlement.state === "proposed";
  const { session } = useSession();
  const { data: staff } = useStaff();
  const moved = useMoneyMoved(patient);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const by = staff?.find((one) => one.id === settlement.proposed_by);
  const own = settlement.proposed_by === session.user_id;
  const decide = async (how: "approve" | "reject") => {
    setBusy(true);
    setError(undefined);
    const params = { path: { settlement_id: settlement.id }, header: ifMatch(settlement.version) };
    try {
      if (how === "approve") await data(api.POST("/v1/settlements/{settlement_id}/approve", { params, body: {} }));
      else await data(api.POST("/v1/settlements/{settlement_id}/reject", { params, body: {} }));
      tell({ text: how === "approve" ? l.approved : l.rejected, tone: "good" });
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
    await moved();
  };
  return (
    <section className={css.card} aria-label={l.settlement}>
      <h3>
        {l.settlement}
        <span className={money.badge} data-state={settlement.state}>
          {l.settlementStates[settlement.state ?? ""]}
        </span>
      </h3>
      <p>
        {l.policies[settlement.policy ?? ""]} · {w.months(settlement.months_done)} · {settlement.reason}
      </p>
      <dl className={css.sum}>
        {settlement.lines.map((line) => {
          const cents = centsOf(line.amount);
          const refund = line.code === "due" && cents < 0;
          return (
            <div key={line.code} className={line.code === "due" || line.code === "earned" ? css.whole : undefined}>
              <dt>{refund ? l.refundDue : (l.lines[line.code] ?? line.code)}</dt>
              <dd>{formatMoney(refund ? -cents : cents)}</dd>
            </div>
          );
        })}
      </dl>
      {by && <p>{l.proposedBy(`${by.first_name} ${by.last_name}`)}</p>}
      {error !== undefined && (
        <p role="alert" className={money.refused}>
          {refusal(error)}
        </p>
      )}
      {mayDecide && (
        <div className={money.actions}>
          {own && <p>{l.own}</p>}
          <Button size="xs" variant="default" loading={busy} onClick={() => void decide("reject")}>
            {l.reject}
          </Button>
          {!own && (
            <Button size="xs" loading={busy} onClick={() => void decide("approve")}>
              {l.approve}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
