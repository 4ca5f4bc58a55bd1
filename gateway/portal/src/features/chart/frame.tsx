import { Link, useParams } from "@tanstack/react-router";
import { Suspense, useEffect } from "react";
import { ApiError, type Patient } from "../../api/client";
import { t } from "../../domain/i18n";
import { Person } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { Alerts } from "./alerts";
import { isMissing, useMayHere, usePatient } from "./data";
import css from "./frame.module.css";
import { Header } from "./header";
import { TABS } from "./tabs";
import { w } from "./words";

/** The chart of one patient: its header, its tabs, and the tab that is open. */
export function ChartPage() {
  const { id } = useParams({ from: "/p/$id/$tab" });
  const { data: patient, error, refetch, isPending } = usePatient(id);
  if (patient) return <Chart key={patient.id} patient={patient} />;
  if (isPending) return <p className={css.wait} aria-busy="true" role="status" aria-label={w.header.loading} />;
  if (isMissing(error)) {
    return (
      <Empty icon={<Person size={22} />} title={w.header.notFound}>
        <Link to="/patients">{w.header.toPatients}</Link>
      </Empty>
    );
  }
  return <Failed error={error} again={() => void refetch()} />;
}

function Chart({ patient }: { patient: Patient }) {
  const { tab } = useParams({ from: "/p/$id/$tab" });
  const mayHere = useMayHere(patient);
  const tabs = TABS.filter(({ needs }) => needs.length === 0 || needs.some(mayHere));
  const open = tabs.find((one) => one.id === tab);
  useEffect(() => {
    document.getElementById(`tab-${tab}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  return (
    <article className={css.chart}>
      <div>
        <Header patient={patient} />
        <Alerts patient={patient} />
      </div>
      <nav className={css.tabs} aria-label={w.tabs.label}>
        {tabs.map((one) => (
          <Link
            key={one.id}
            id={`tab-${one.id}`}
            to="/p/$id/$tab"
            params={{ id: patient.id, tab: one.id }}
            search={{}}
            activeOptions={{ includeSearch: false }}
            activeProps={{ "aria-current": "page" }}
          >
            {one.label}
          </Link>
        ))}
      </nav>
      <div className={css.page}>
        {open ? (
          <Suspense fallback={<p className={css.wait} aria-busy="true" />}>
            <open.Page patient={patient} />
          </Suspense>
        ) : (
          <Denied known={TABS.some((one) => one.id === tab)} />
        )}
      </div>
    </article>
  );
}

function Denied({ known }: { known: boolean }) {
  return known ? <Failed error={new ApiError(403, "PERMISSION_DENIED", "")} /> : <Empty title={t.errors.notFound} />;
}
