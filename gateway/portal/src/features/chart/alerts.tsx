import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, data, type Patient } from "../../api/client";
import { usePrivacy } from "../../app/places";
import { Coin, Heart, Lock, People, Plus, Shield, Alert as Warning } from "../../ui/icons";
import { type Alert, alertsKey, isMedical, type Kind, MEDICAL, OFFICE } from "./alert";
import css from "./alerts.module.css";
import { type RelatedParty, useMayHere, useParties } from "./data";
import { w } from "./words";

const AlertDialog = lazy(() => import("./alert-dialog").then((module) => ({ default: module.AlertDialog })));

const ICONS: Record<string, typeof Warning> = {
  financial_hold: Coin,
  contact_restriction: Lock,
  custody: People,
  allergy: Warning,
  condition: Heart,
  medication: Heart,
  premedication: Heart,
};

/** The alerts that the role may see: medical ones first. */
function useAlerts(patient: Patient) {
  const mayHere = useMayHere(patient);
  const [medical, office] = [mayHere("medical_alerts.read"), mayHere("alerts.read")];
  const asked = { params: { path: { patient_id: patient.id } } };
  return useQuery({
    queryKey: [...alertsKey(patient), medical, office],
    queryFn: async () => {
      const [first, second] = await Promise.all([
        medical ? data(api.GET("/v1/patients/{patient_id}/medical-alerts", asked)) : { alerts: [] },
        office ? data(api.GET("/v1/patients/{patient_id}/alerts", asked)) : { alerts: [] },
      ]);
      return [...first.alerts, ...second.alerts];
    },
    enabled: medical || office,
    staleTime: 15_000,
  });
}

/** True when what is told, asked and billed depends on which parent it is. */
export const isSplit = (parties: readonly RelatedParty[]): boolean => {
  const ties = parties.flatMap(({ relationship }) => (relationship && !relationship.end_time ? [relationship] : []));
  return ties.some((tie) => tie.own_share_only || tie.court_order || tie.kind === "court_order");
};

/** What everybody must know who opens this chart. Each has an icon and its words: colour is not all that tells them. */
export function Alerts({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const [privacy] = usePrivacy();
  const { data: alerts, isError, refetch } = useAlerts(patient);
  const { data: parties } = useParties(patient, mayHere("parties.read"));
  const [editing, setEditing] = useState<Alert | "new">();
  const kinds = [...(mayHere("medical_alerts.write") ? MEDICAL : []), ...(mayHere("alerts.write") ? OFFICE : [])];
  return (
    <div className={css.row}>
      <ul className={css.alerts} aria-label={w.alerts.label}>
        {(alerts ?? []).map((alert) => {
          const Icon = ICONS[alert.kind ?? ""] ?? Shield;
          const content = (
            <>
              <Icon size={14} />
              <b>{w.alerts.kinds[alert.kind ?? "other"]}</b>
              {!privacy && <span>{alert.text}</span>}
            </>
          );
          return (
            <li key={alert.id} data-tone={isMedical(alert.kind) ? "bad" : "warn"}>
              {kinds.includes(alert.kind as Kind) ? (
                <button type="button" onClick={() => setEditing(alert)}>
                  {content}
                </button>
              ) : (
                <span className={css.still}>{content}</span>
              )}
            </li>
          );
        })}
        {parties && isSplit(parties) && (
          <li data-tone="plain">
            <Link to="/p/$id/$tab" params={{ id: patient.id, tab: "family" }}>
              <People size={14} />
              <b>{w.alerts.split}</b>
              <span>{w.alerts.splitLead}</span>
            </Link>
          </li>
        )}
        {isError && (
          <li data-tone="bad">
            <button type="button" onClick={() => void refetch()}>
              <Warning size={14} />
              <b>{w.alerts.failed}</b>
            </button>
          </li>
        )}
      </ul>
      {kinds.length > 0 && (
        <button type="button" className={css.add} onClick={() => setEditing("new")}>
          <Plus size={13} />
          {w.alerts.add}
        </button>
      )}
      {editing && (
        <Suspense>
          <AlertDialog
            patient={patient}
            alert={editing === "new" ? undefined : editing}
            kinds={kinds}
            close={() => setEditing(undefined)}
          />
        </Suspense>
      )}
    </div>
  );
}
