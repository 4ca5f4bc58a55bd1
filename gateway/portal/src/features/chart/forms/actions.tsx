import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, once, type Patient } from "../../../api/client";
import { tell } from "../../../ui/undo";
import { type RelatedParty, useCases, useMayHere } from "../data";
import { Buttons, Dialog, Field, form } from "../dialog";
import { w } from "../words";
import { type Paper, papersKey } from "./page";
import { f } from "./words";

interface Opened {
  patient: Patient;
  parties: RelatedParty[];
  opened: boolean;
  close: () => void;
}

const nameOf = ({ party }: RelatedParty) => `${party?.first_name} ${party?.last_name}`;
const now = (parties: RelatedParty[]) => parties.filter(({ relationship }) => relationship && !relationship.end_time);

function useTask(patient: Patient, close: () => void) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
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
    for (const key of [papersKey(patient), ["messages", patient.id], ["links", patient.id], ["timeline", patient.id]])
      void queries.invalidateQueries({ queryKey: key });
  };
  return { error, busy, run };
}

/** A notice or a consent, made for somebody who may decide for the patient. */
export function Prepare({ opened, close, ...props }: Opened) {
  return (
    <Dialog title={f.prepare} opened={opened} close={close}>
      <PrepareForm {...props} close={close} />
    </Dialog>
  );
}

function PrepareForm({ patient, parties, close }: Omit<Opened, "opened">) {
  const mayHere = useMayHere(patient);
  const { data: cases } = useCases(patient, mayHere("cases.read"));
  const [kind, setKind] = useState<"hipaa_notice" | "informed_consent">("hipaa_notice");
  const [months, setMonths] = useState("24");
  const signers = now(parties).filter(({ relationship }) => relationship?.may_consent);
  const [signer, setSigner] = useState(signers[0]?.party?.id ?? "");
  const { error, busy, run } = useTask(patient, close);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const about = { patient_id: patient.id, party_id: signer, location_id: patient.home_location_id };
    const consent =
      kind === "informed_consent"
        ? { treatment_months: Number(months), ...(cases?.[0] ? { case_id: cases[0].id } : {}) }
        : {};
    const body = { ...about, kind, ...consent };
    void run(() => data(api.POST("/v1/documents", { params: { header: once() }, body })), f.prepared);
  };
  return (
    <form className={form.form} onSubmit={submit}>
      <Field label={f.kind}>
        {(props) => (
          <select {...props} value={kind} onChange={(event) => setKind(event.currentTarget.value as typeof kind)}>
            {Object.entries(f.kinds).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {kind === "informed_consent" && (
        <Field label={f.months}>
          {(props) => (
            <input
              {...props}
              type="number"
              min={1}
              max={60}
              required
              value={months}
              onChange={(event) => setMonths(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label={f.signer} hint={signers.length ? undefined : f.nobody}>
        {(props) => (
          <select {...props} required value={signer} onChange={(event) => setSigner(event.currentTarget.value)}>
            {signers.map((one) => (
              <option key={one.party?.id} value={one.party?.id}>
                {nameOf(one)}, {w.relations[one.relationship?.kind ?? "other"]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Buttons error={error} close={close} busy={busy} save={f.prepare} />
    </form>
  );
}

/** A private link to every paper that waits for one person. */
export function SendLink({ opened, close, ...props }: Opened & { papers: Paper[] }) {
  return (
    <Dialog title={f.sendTitle} opened={opened} close={close}>
      <SendForm {...props} close={close} />
    </Dialog>
  );
}

function SendForm({ patient, parties, papers, close }: Omit<Opened, "opened"> & { papers: Paper[] }) {
  const waits = (party: string | undefined) =>
    papers.filter((one) => one.party_id === party && one.state === "ready").length;
  const people = now(parties).sort((a, b) => waits(b.party?.id) - waits(a.party?.id));
  const [to, setTo] = useState(people[0]?.party?.id ?? "");
  const chosen = people.find(({ party }) => party?.id === to)?.party;
  const [channel, setChannel] = useState<"email" | "sms">(chosen?.email ? "email" : "sms");
  const { error, busy, run } = useTask(patient, close);
  const address = channel === "email" ? chosen?.email : chosen?.mobile;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const params = { path: { patient_id: patient.id }, header: once() };
    const body = { party_id: to, location_id: patient.home_location_id, channel };
    void run(() => data(api.POST("/v1/patients/{patient_id}/document-link", { params, body })), f.sentLink);
  };
  return (
    <form className={form.form} onSubmit={submit}>
      <p>{f.sendLead}</p>
      <div className={form.two}>
        <Field label={f.signer} hint={waits(to) ? f.waiting(waits(to)) : f.nothingWaits}>
          {(props) => (
            <select {...props} required value={to} onChange={(event) => setTo(event.currentTarget.value)}>
              {people.map((one) => (
                <option key={one.party?.id} value={one.party?.id}>
                  {nameOf(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={f.via} hint={address || "–"}>
          {(props) => (
            <select {...props} value={channel} onChange={(event) => setChannel(event.currentTarget.value as "sms")}>
              <option value="email">{f.email}</option>
              <option value="sms">{f.sms}</option>
            </select>
          )}
        </Field>
      </div>
      <Buttons error={error} close={close} busy={busy} save={f.send} />
    </form>
  );
}
