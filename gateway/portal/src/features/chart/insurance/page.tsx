import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { usePrivacy } from "../../../app/places";
import { formatFullDay, formatMoney } from "../../../domain/i18n";
import { Card } from "../card";
import { useMayHere } from "../data";
import { centsOf } from "../money/amounts";
import { usePartyName } from "../money/data";
import money from "../money/money.module.css";
import { Claims } from "./claims";
import {
  type Coverage,
  type Estimate,
  sourceOf,
  useBenefits,
  useCoverages,
  useEstimates,
  type Verification,
} from "./data";
import css from "./insurance.module.css";
import { w } from "./words";

const forms = () => import("./forms");
const VerifyDialog = lazy(() => forms().then((module) => ({ default: module.VerifyDialog })));
const EstimateDialog = lazy(() => forms().then((module) => ({ default: module.EstimateDialog })));

/** What insurance covers, where that was read, what it is expected to pay, and what has come. */
export function InsuranceTab({ patient }: { patient: Patient }) {
  const coverages = useCoverages(patient);
  const mayHere = useMayHere(patient);
  const found = coverages.data ?? [];
  if (found.length === 0) {
    return (
      <Card title={w.coverages} query={coverages} empty={w.none} lines={6}>
        {() => null}
      </Card>
    );
  }
  return (
    <div className={money.page}>
      {found.map((one) => (
        <CoverageCard key={one.id} patient={patient} coverage={one} />
      ))}
      <div className={css.two}>
        {mayHere("claims.read") && <Claims patient={patient} coverages={found} />}
        {mayHere("estimates.read") && <Estimates patient={patient} coverages={found} />}
      </div>
    </div>
  );
}

function CoverageCard({ patient, coverage }: { patient: Patient; coverage: Coverage }) {
  const mayHere = useMayHere(patient);
  const nameOf = usePartyName(patient);
  const [privacy] = usePrivacy();
  const about = [
    w.relationship[coverage.relationship ?? ""],
    coverage.subscriber_party_id && w.subscriber(nameOf(coverage.subscriber_party_id)),
    w.member(privacy ? "•••" : coverage.member_id),
    coverage.group_number && w.group(coverage.group_number),
    coverage.effective_on && w.from(formatFullDay(coverage.effective_on)),
    coverage.ends_on && w.until(formatFullDay(coverage.ends_on)),
  ].filter(Boolean);
  return (
    <section className={css.coverage} aria-label={`${coverage.payer_name}, ${coverage.plan_name}`}>
      <header>
        <div>
          <span className={money.badge} data-state="active">
            {w.priority[coverage.priority ?? ""]}
          </span>
          <h2>
            {coverage.payer_name} <span>{coverage.plan_name}</span>
          </h2>
          <p>{about.join(" · ")}</p>
        </div>
      </header>
      {mayHere("benefits.read") && <BenefitSummary patient={patient} coverage={coverage} />}
    </section>
  );
}

function BenefitSummary({ patient, coverage }: { patient: Patient; coverage: Coverage }) {
  const { data: found, isPending } = useBenefits(coverage.id);
  const mayVerify = useMayHere(patient)("benefits.verify");
  const { data: staff } = useStaff();
  const [verifying, setVerifying] = useState(false);
  if (isPending) return <div className={css.wait} aria-busy="true" />;
  const verification = found?.verification;
  const by = staff?.find((one) => one.id === verification?.verified_by);
  const attempt = found?.last_attempt;
  return (
    <>
      <div className={css.status} data-usable={found?.usable || undefined}>
        <strong>
          {!verification
            ? w.verified.never
            : found?.usable
              ? w.verified.fresh(found?.age_days ?? 0)
              : w.verified.stale(found?.age_days ?? 0)}
        </strong>
        {verification && (
          <span>
            {[
              w.methods[verification.method ?? ""],
              by && w.by(`${by.first_name} ${by.last_name}`),
              verification.reference && w.ref(verification.reference),
            ]
              .filter(Boolean)
              .join(" · ")}
          </span>
        )}
        {attempt && (
          <em>
            {w.rejected(formatFullDay((attempt.create_time ?? "").slice(0, 10)))}
            {attempt.benefits?.rejections.map((one) => `: ${one.advice}`)}
          </em>
        )}
        {mayVerify && (
          <Button size="xs" variant="default" onClick={() => setVerifying(true)}>
            {verification ? w.again : w.verify}
          </Button>
        )}
      </div>
      {verification?.benefits && (
        <Figures verification={verification} plan={coverage.plan_name} rows={found?.rows ?? []} />
      )}
      <Suspense>
        {verifying && <VerifyDialog patient={patient} coverage={coverage} close={() => setVerifying(false)} />}
      </Suspense>
    </>
  );
}

function Figures({
  verification,
  plan,
  rows,
}: {
  verification: Verification;
  plan: string;
  rows: NonNullable<ReturnType<typeof useBenefits>["data"]>["rows"];
}) {
  const benefits = verification.benefits as NonNullable<Verification["benefits"]>;
  const cents = (field: { amount_cents: number } | null) => (field ? formatMoney(centsOf(field)) : "");
  const age =
    benefits.age_text ||
    (benefits.maximum_age !== null && benefits.maximum_age !== undefined
      ? w.ageRange(String(benefits.minimum_age ?? 0), String(benefits.maximum_age))
      : "");
  const percent = benefits.plan_percent_basis_points;
  const figures: [string, string][] = [
    ["covered", w.covered[benefits.covered ?? "unknown"] ?? ""],
    ["plan_percent_basis_points", percent === null || percent === undefined ? "" : `${percent / 100}%`],
    ["lifetime_maximum", cents(benefits.lifetime_maximum)],
    ["lifetime_remaining", cents(benefits.lifetime_remaining)],
    ["paid_to_date", cents(benefits.paid_to_date)],
    ["deductible", cents(benefits.deductible)],
    ["deductible_remaining", cents(benefits.deductible_remaining)],
    ["maximum_age", age],
    ["waiting_until", benefits.waiting_until ? formatFullDay(benefits.waiting_until) : benefits.waiting_text],
    ["frequency", benefits.frequency],
    ["other_payers", benefits.other_payers.join(", ")],
  ];
  const always = ["covered", "plan_percent_basis_points", "lifetime_maximum", "lifetime_remaining", "maximum_age"];
  const whole = centsOf(benefits.lifetime_maximum);
  const left = benefits.lifetime_remaining ? centsOf(benefits.lifetime_remaining) : whole;
  const used = Math.max(0, whole - left);
  return (
    <div className={css.figures}>
      {whole > 0 && (
        <div className={css.gauge}>
          <span>{w.lifetime}</span>
          <strong>{w.left(formatMoney(left))}</strong>
          <meter min={0} max={whole} value={used} aria-label={w.lifetimeUsed(formatMoney(used), formatMoney(whole))} />
          <small>{w.lifetimeUsed(formatMoney(used), formatMoney(whole))}</small>
        </div>
      )}
      <table className={css.table} aria-label={w.benefits(plan)}>
        <thead>
          <tr>
            <th scope="col">{w.field}</th>
            <th scope="col">{w.value}</th>
            <th scope="col">{w.where}</th>
          </tr>
        </thead>
        <tbody>
          {figures
            .filter(([field, said]) => said || always.includes(field))
            .map(([field, said]) => (
              <tr key={field}>
                <th scope="row">{w.fields[field]}</th>
                <td data-unknown={!said || undefined}>
                  {said || w.unknown}
                  {benefits.ambiguous.includes(field) && <em>{w.several}</em>}
                </td>
                <td>{said ? sourceOf(verification, field) : ""}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {benefits.notes.length > 0 && (
        <details>
          <summary>{w.notes}</summary>
          <ul>
            {benefits.notes.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </details>
      )}
      {rows.length > 0 && (
        <details>
          <summary>{w.rows(rows.length)}</summary>
          <table className={css.table}>
            <thead>
              <tr>
                <th scope="col">{w.segment}</th>
                <th scope="col">{w.says}</th>
                <th scope="col">{w.services}</th>
                <th scope="col">{w.value}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.position}>
                  <td>{row.position}</td>
                  <td>{[`EB01 ${row.information}`, row.period && `EB06 ${row.period}`].filter(Boolean).join(", ")}</td>
                  <td>{row.service_types.join(", ")}</td>
                  <td>
                    {row.amount ? formatMoney(centsOf(row.amount)) : ""}
                    {row.percent_basis_points !== null && row.percent_basis_points !== undefined
                      ? `${row.percent_basis_points / 100}%`
                      : ""}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}

function Estimates({ patient, coverages }: { patient: Patient; coverages: Coverage[] }) {
  const estimates = useEstimates(patient);
  const may = useMayHere(patient)("estimates.create");
  const [open, setOpen] = useState(false);
  const latest = estimates.data?.[0];
  return (
    <div>
      <Card
        title={w.estimates}
        query={estimates}
        empty={w.noEstimate}
        actions={
          may && (
            <Button size="xs" variant="default" onClick={() => setOpen(true)}>
              {w.newEstimate}
            </Button>
          )
        }
      >
        {() => latest && <Steps estimate={latest} />}
      </Card>
      <Suspense>
        {open && <EstimateDialog patient={patient} coverages={coverages} close={() => setOpen(false)} />}
      </Suspense>
    </div>
  );
}

/** How the estimate came about, line by line, with the source of each figure. */
function Steps({ estimate }: { estimate: Estimate }) {
  const [first, second] = estimate.instalments;
  return (
    <div className={css.steps}>
      <p>
        {formatMoney(centsOf(estimate.total_fee))} · {w.months(estimate.treatment_months)} ·{" "}
        {w.estimateOf(formatFullDay((estimate.create_time ?? "").slice(0, 10)))}
      </p>
      <ol>
        {estimate.lines.map((line) => (
          <li key={line.text}>
            <span>
              {line.text}
              {line.source && <small>{line.source}</small>}
            </span>
            <b>{line.amount ? formatMoney(centsOf(line.amount)) : ""}</b>
          </li>
        ))}
      </ol>
      <dl>
        <div>
          <dt>{w.expected}</dt>
          <dd>{formatMoney(centsOf(estimate.expected))}</dd>
        </div>
        <div>
          <dt>{w.familyPart}</dt>
          <dd>{formatMoney(centsOf(estimate.family_portion))}</dd>
        </div>
      </dl>
      {first && second && (
        <p>
          {w.schedule(
            estimate.instalments.length,
            formatMoney(centsOf(first.amount)),
            formatMoney(centsOf(second.amount)),
          )}
        </p>
      )}
      {estimate.warnings.length > 0 && (
        <ul className={css.warnings} aria-label={w.warnings}>
          {estimate.warnings.map((one) => (
            <li key={one.code}>
              {one.text} {one.at_risk && <b>{w.atRisk(formatMoney(centsOf(one.at_risk)))}</b>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
