import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, data, type Patient } from "../../../../api/client";
import { useStaff } from "../../../../api/people";
import { formatFullDay } from "../../../../domain/i18n";
import { progress } from "../../../../domain/treatment";
import { Card } from "../../card";
import { type Case, todayAt, useCases, useHome, useMayHere } from "../../data";
import { w as chart } from "../../words";
import money from "../money.module.css";
import { w } from "../words";
import css from "./plan.module.css";
import { l } from "./words";

const forms = () => import("./forms");
const StepDialog = lazy(() => forms().then((module) => ({ default: module.StepDialog })));
const DecisionDialog = lazy(() => forms().then((module) => ({ default: module.DecisionDialog })));

/** The staff member of an id by name; "" for nobody. */
function useStaffName(): (id: string) => string {
  const { data: staff } = useStaff();
  return (id) => {
    const one = staff?.find((member) => member.id === id);
    return one ? `${one.first_name} ${one.last_name}` : "";
  };
}

/** What is to be done for the patient, how far it is, who decided it and what happens next. */
export function PlanTab({ patient }: { patient: Patient }) {
  const cases = useCases(patient, true);
  const current = cases.data?.[0];
  const mayHere = useMayHere(patient);
  if (!current) {
    return (
      <Card title={l.treatment} query={cases} empty={`${l.none}. ${l.noneLead}`} lines={6}>
        {() => null}
      </Card>
    );
  }
  return (
    <div className={money.page}>
      {cases.data?.map((one) => (
        <Treatment key={one.id} patient={patient} treatment={one} />
      ))}
      <div className={money.two}>
        <div className={money.stack}>
          <NextStep patient={patient} treatment={current} />
          {mayHere("lab_orders.read") && <Appliances patient={patient} />}
        </div>
        <Consults patient={patient} treatment={current} />
      </div>
    </div>
  );
}

function useConsults(treatment: Case) {
  return useQuery({
    queryKey: ["consults", treatment.id],
    queryFn: () =>
      data(
        api.GET("/v1/cases/{case_id}/consults", {
          params: { path: { case_id: treatment.id } },
        }),
      ).then((found) => [...found.consults].sort((a, b) => (a.id < b.id ? 1 : -1))),
    staleTime: 30_000,
  });
}

function Treatment({ patient, treatment }: { patient: Patient; treatment: Case }) {
  const home = useHome(patient);
  const nameOf = useStaffName();
  const { data: consults } = useConsults(treatment);
  const decided = consults?.find((one) => one.outcome === "recommended");
  const now = progress(treatment.started_on, treatment.first_estimated_end, todayAt(home.time_zone));
  const treated = ["active", "on_hold", "medically_paused", "maintenance_only"].includes(treatment.state ?? "");
  const phase = treatment.phase ?? decided?.phase;
  const rows: [string, string][] = [
    [l.doctor, nameOf(decided?.provider_id ?? "")],
    [l.estimated, decided?.treatment_months ? w.months(decided.treatment_months) : now?.of ? w.months(now.of) : ""],
    [l.started, treatment.started_on ? formatFullDay(treatment.started_on) : l.notStarted],
    [l.end, treatment.first_estimated_end ? formatFullDay(treatment.first_estimated_end) : ""],
  ];
  return (
    <section className={css.treatment} aria-label={l.treatment}>
      <div>
        <span className={money.badge} data-state={treated ? "active" : ""}>
          {chart.states[treatment.state ?? ""]}
        </span>
        <h2>{phase ? w.phases[phase] : l.treatment}</h2>
        {now && treated ? (
          <>
            <p>
              <strong>{now.of ? l.month(now.month, now.of) : l.monthOpen(now.month)}</strong>
              {now.over > 0 && <em>{l.over(now.over)}</em>}
            </p>
            {now.of > 0 && <Months month={now.month} of={now.of} />}
          </>
        ) : null}
      </div>
      <dl className={money.facts}>
        {rows
          .filter(([, said]) => said)
          .map(([label, said]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{said}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** Each month of the estimate as a field, and those beyond it. */
function Months({ month, of }: { month: number; of: number }) {
  const shown = Math.min(48, Math.max(month, of));
  return (
    <ol className={css.months} aria-hidden="true">
      {Array.from({ length: shown }, (_, index) => (
        <li
          key={index}
          data-state={
            index + 1 < month
              ? index >= of
                ? "over"
                : "done"
              : index + 1 === month
                ? index >= of
                  ? "over"
                  : "now"
                : ""
          }
        />
      ))}
    </ol>
  );
}

function NextStep({ patient, treatment }: { patient: Patient; treatment: Case }) {
  const nameOf = useStaffName();
  const [open, setOpen] = useState(false);
  const may = useMayHere(patient)("cases.update");
  const rows: [string, string][] = [
    [l.next, treatment.next_step],
    [l.due, treatment.next_step_due ? formatFullDay(treatment.next_step_due) : ""],
    [l.owner, nameOf(treatment.owner_id)],
    [l.blocker, treatment.blocker ? (l.blockers[treatment.blocker] ?? "") : ""],
    [l.reason, treatment.reason_not_started ? (l.reasons[treatment.reason_not_started] ?? "") : ""],
  ];
  return (
    <section className={css.card} aria-label={l.editTitle}>
      <h3>
        {l.editTitle}
        {may && treatment.next_step && (
          <Button size="xs" variant="default" onClick={() => setOpen(true)}>
            {l.edit}
          </Button>
        )}
      </h3>
      <dl className={money.facts}>
        {rows
          .filter(([, said]) => said)
          .map(([label, said]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{said}</dd>
            </div>
          ))}
      </dl>
      <Suspense>{open && <StepDialog patient={patient} treatment={treatment} close={() => setOpen(false)} />}</Suspense>
    </section>
  );
}

function Consults({ patient, treatment }: { patient: Patient; treatment: Case }) {
  const consults = useConsults(treatment);
  const nameOf = useStaffName();
  const [open, setOpen] = useState(false);
  const may = useMayHere(patient)("cases.recommend");
  return (
    <Card
      title={l.consults}
      query={consults}
      empty={l.noConsults}
      actions={
        may && (
          <Button size="xs" variant="default" onClick={() => setOpen(true)}>
            {l.recommend}
          </Button>
        )
      }
    >
      {(found) => (
        <>
          <ul className={css.consults}>
            {found.map((one) => (
              <li key={one.id}>
                <strong>{l.outcomes[one.outcome ?? ""]}</strong>
                <span>
                  {[
                    one.phase && w.phases[one.phase],
                    one.treatment_months > 0 && w.months(one.treatment_months),
                    one.recall_on && l.recall(formatFullDay(one.recall_on)),
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
                <small>
                  {nameOf(one.provider_id)} · {formatFullDay((one.create_time ?? "").slice(0, 10))}
                </small>
              </li>
            ))}
          </ul>
          <Suspense>
            {open && <DecisionDialog patient={patient} treatment={treatment} close={() => setOpen(false)} />}
          </Suspense>
        </>
      )}
    </Card>
  );
}

function Appliances({ patient }: { patient: Patient }) {
  const orders = useQuery({
    queryKey: ["lab-orders", patient.id],
    queryFn: () =>
      data(api.GET("/v1/lab-orders", { params: { query: { patient_id: patient.id, page_size: 50 } } })).then(
        (found) => found.lab_orders,
      ),
    staleTime: 30_000,
  });
  return (
    <Card title={l.appliances} count={orders.data?.length} query={orders} empty={l.noAppliances}>
      {(found) => (
        <ul className={css.consults}>
          {found.map((one) => (
            <li key={one.id}>
              <strong>{l.kinds[one.kind ?? ""] ?? l.kinds.other}</strong>
              <span>
                {one.expected_on && l.expected(formatFullDay(one.expected_on))} {one.late && <em>{l.late}</em>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
