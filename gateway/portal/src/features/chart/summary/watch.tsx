import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, data, type Patient } from "../../../api/client";
import { formatDollars, formatFullDay } from "../../../domain/i18n";
import { wall } from "../../../domain/time";
import { progress } from "../../../domain/treatment";
import { Alert, Check } from "../../../ui/icons";
import { Card } from "../card";
import { todayAt, useCases, useComing, useHome, useMayHere } from "../data";
import css from "./page.module.css";
import { s } from "./words";

const TREATED = ["active", "maintenance_only"];

/** What stands in the way of finishing in time: missed visits, no next visit, overtime, papers that wait. */
export function Watch({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const home = useHome(patient);
  const today = todayAt(home.time_zone);
  const cases = useCases(patient, true);
  const coming = useComing(patient, today, home.id !== "" && mayHere("appointments.read"));
  const papers = useQuery({
    queryKey: ["documents", patient.id],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/documents", {
          params: { path: { patient_id: patient.id }, query: { page_size: 200 } },
        }),
      ).then((found) => found.documents),
    enabled: mayHere("documents.read"),
  });
  const current = cases.data?.[0];
  const treated = TREATED.includes(current?.state ?? "");
  const now = current && progress(current.started_on, current.first_estimated_end, today);
  const waiting = (papers.data ?? []).filter((one) => one.state === "ready").length;
  const items: { text: string; bad?: boolean; tab?: string }[] = [];
  if (current?.misses_in_row) items.push({ text: s.missed(current.misses_in_row), bad: true });
  if (treated && coming.data?.length === 0) items.push({ text: s.noNext, bad: true });
  if (treated && now && now.over > 0) items.push({ text: s.over(now.over), bad: true });
  if (waiting) items.push({ text: s.papers(waiting), tab: "forms", bad: true });
  if (current?.last_seen_at)
    items.push({ text: s.unseen(formatFullDay(wall(current.last_seen_at, home.time_zone).day)) });
  return (
    <Card title={s.compliance} query={cases} empty={s.nothing} lines={2}>
      {() => (
        <ul className={css.watch}>
          {!items.some(({ bad }) => bad) && (
            <li>
              <Check size={14} />
              {s.nothing}
            </li>
          )}
          {items.map(({ text, bad, tab }) => (
            <li key={text} data-bad={bad}>
              {bad ? <Alert size={14} /> : <Check size={14} />}
              {tab ? (
                <Link to="/p/$id/$tab" params={{ id: patient.id, tab }}>
                  {text}
                </Link>
              ) : (
                text
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** The contract and the insurance in a line each. */
export function Money({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const [contracts, coverages] = [mayHere("contracts.read"), mayHere("coverages.read")];
  const read = useQuery({
    queryKey: ["money-lines", patient.id, contracts, coverages],
    queryFn: async () => {
      const query = { patient_id: patient.id, page_size: 20 };
      const [signed, covered] = await Promise.all([
        contracts ? data(api.GET("/v1/contracts", { params: { query } })) : undefined,
        coverages ? data(api.GET("/v1/coverages", { params: { query } })) : undefined,
      ]);
      return { contracts: signed?.contracts, coverages: covered?.coverages };
    },
  });
  return (
    <Card title={s.money} query={read} empty={s.noContract} lines={2}>
      {(found) => (
        <dl className={css.lines}>
          {found.contracts && (
            <div>
              <dt>{s.contract}</dt>
              {found.contracts.length === 0 && <dd>{s.noContract}</dd>}
              {found.contracts.map((one) => (
                <dd key={one.id}>
                  {s.contractLine(
                    s.contractStates[one.state ?? ""] ?? one.state ?? "",
                    formatDollars(Number(one.total_fee?.amount_cents ?? 0)),
                    formatDollars(Number(one.balance?.amount_cents ?? 0)),
                  )}
                </dd>
              ))}
            </div>
          )}
          {found.coverages && (
            <div>
              <dt>{s.insurance}</dt>
              {found.coverages.length === 0 && <dd>{s.noInsurance}</dd>}
              {found.coverages.map((one) => (
                <dd key={one.id}>
                  {one.payer_name} · {one.plan_name}
                </dd>
              ))}
            </div>
          )}
        </dl>
      )}
    </Card>
  );
}
