import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, once, type Patient, type Schemas } from "../../api/client";
import { usePrivacy } from "../../app/places";
import { Coin, Heart, Lock, People, Plus, Shield, Alert as Warning } from "../../ui/icons";
import { tell } from "../../ui/undo";
import css from "./alerts.module.css";
import { type RelatedParty, useMayHere, useParties } from "./data";
import { Buttons, Dialog, Field, form } from "./dialog";
import { w } from "./words";

type Alert = Schemas["directory.Alert"];
type Kind = NonNullable<Alert["kind"]>;
const MEDICAL: readonly Kind[] = ["allergy", "condition", "medication", "premedication"];
const OFFICE: readonly Kind[] = ["financial_hold", "contact_restriction", "custody", "other"];
const isMedical = (kind: Kind | null) => MEDICAL.includes(kind as Kind);

const ICONS: Record<string, typeof Warning> = {
  financial_hold: Coin,
  contact_restriction: Lock,
  custody: People,
  allergy: Warning,
  condition: Heart,
  medication: Heart,
  premedication: Heart,
};

const alertsKey = (patient: Patient) => ["alerts", patient.id];

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
      <Dialog
        title={editing === "new" ? w.alerts.add : w.alerts.change}
        opened={editing !== undefined}
        close={() => setEditing(undefined)}
      >
        {editing && (
          <AlertForm
            patient={patient}
            alert={editing === "new" ? undefined : editing}
            kinds={kinds}
            close={() => setEditing(undefined)}
          />
        )}
      </Dialog>
    </div>
  );
}

function AlertForm({
  patient,
  alert,
  kinds,
  close,
}: {
  patient: Patient;
  alert?: Alert;
  kinds: Kind[];
  close: () => void;
}) {
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>(alert?.kind ?? (kinds[0] as Kind));
  const [text, setText] = useState(alert?.text ?? "");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  // A medical alert does not become one of the office: they are for different eyes.
  const offered = alert ? kinds.filter((one) => isMedical(one) === isMedical(alert.kind)) : kinds;

  const run = async (task: () => Promise<unknown>, told: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await task();
      tell({ text: told, tone: "good" });
      close();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
    void queries.invalidateQueries({ queryKey: alertsKey(patient) });
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    const about = { patient_id: patient.id, text, ...(alert ? { alert_id: alert.id, version: alert.version } : {}) };
    const params = { header: once() };
    const write = isMedical(kind)
      ? () => data(api.POST("/v1/medical-alerts", { params, body: { ...about, kind: kind as "allergy" } }))
      : () => data(api.POST("/v1/alerts", { params, body: { ...about, kind: kind as "other" } }));
    void run(write, alert ? w.alerts.changed : w.alerts.raised);
  };
  const end = (ended: Alert) => {
    const params = { path: { alert_id: ended.id }, header: ifMatch(ended.version) };
    const write = isMedical(ended.kind)
      ? () => data(api.POST("/v1/medical-alerts/{alert_id}/end", { params, body: {} }))
      : () => data(api.POST("/v1/alerts/{alert_id}/end", { params, body: {} }));
    void run(write, w.alerts.ended);
  };
  return (
    <form className={form.form} onSubmit={save}>
      <Field label={w.alerts.kind}>
        {(props) => (
          <select {...props} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {offered.map((one) => (
              <option key={one} value={one}>
                {w.alerts.kinds[one]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={w.alerts.text} hint={isMedical(kind) ? w.alerts.medicalHint : w.alerts.officeHint}>
        {(props) => (
          <input
            {...props}
            data-autofocus
            required
            maxLength={200}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      <Buttons
        error={error}
        close={close}
        busy={busy}
        save={w.save}
        left={
          alert && (
            <Button variant="subtle" color="gray" onClick={() => end(alert)}>
              {w.alerts.end}
            </Button>
          )
        }
      />
    </form>
  );
}
