import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, once, type Patient } from "../../api/client";
import { tell } from "../../ui/undo";
import { type Alert, alertsKey, isMedical, type Kind } from "./alert";
import { Buttons, Dialog, Field, form } from "./dialog";
import { w } from "./words";

interface Props {
  patient: Patient;
  alert?: Alert;
  kinds: Kind[];
  close: () => void;
}

/** Raises an alert, changes one or ends it. */
export function AlertDialog(props: Props) {
  return (
    <Dialog title={props.alert ? w.alerts.change : w.alerts.add} opened close={props.close}>
      <AlertForm {...props} />
    </Dialog>
  );
}

function AlertForm({ patient, alert, kinds, close }: Props) {
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
