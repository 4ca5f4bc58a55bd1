import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError, api, data, once, type Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { formatMoment, t } from "../../../domain/i18n";
import { Failed } from "../../../ui/states";
import { tell } from "../../../ui/undo";
import { useHome, useMayHere } from "../data";
import { Buttons, Choice, Dialog, Field, form } from "../dialog";
import { w } from "../words";
import { type Paper, papersKey } from "./page";
import css from "./page.module.css";
import { f } from "./words";

/** The bytes of a paper as an address that only this page knows; it ends with the page. */
function usePdf(id: string) {
  const read = useQuery({
    queryKey: ["pdf", id],
    queryFn: async ({ signal }) => {
      const answer = await fetch(`/v1/documents/${id}/content`, { signal });
      if (!answer.ok) throw new ApiError(answer.status, "INTERNAL", answer.statusText);
      return new Blob([await answer.arrayBuffer()], { type: "application/pdf" });
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!read.data) return;
    const made = URL.createObjectURL(read.data);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [read.data]);
  return { address, error: read.error, again: () => void read.refetch() };
}

interface Props {
  patient: Patient;
  title: (paper: Paper) => string;
  nameOf: (party: string) => string;
}

/** A paper as it is, beside the evidence of its signature. */
export function Reader({ paper, close, ...props }: Props & { paper: Paper | undefined; close: () => void }) {
  return (
    <Dialog title={paper ? props.title(paper) : ""} opened={paper !== undefined} close={close} wide>
      {paper && <Open {...props} paper={paper} />}
    </Dialog>
  );
}

function Open({ patient, paper, title, nameOf }: Props & { paper: Paper }) {
  const mayHere = useMayHere(patient);
  const zone = useHome(patient).time_zone;
  const { data: staff } = useStaff();
  const { address, error, again } = usePdf(paper.id);
  const [signing, setSigning] = useState(false);
  // The list does not carry signatures: their evidence comes with the paper itself.
  const whole = useQuery({
    queryKey: ["document", paper.id, paper.version],
    queryFn: () =>
      data(api.GET("/v1/documents/{document_id}", { params: { path: { document_id: paper.id } } })).then(
        (found) => found.document as Paper,
      ),
    enabled: paper.state === "signed",
  });
  const witness = (id: string) => {
    const person = staff?.find((one) => one.id === id);
    return person ? `${person.first_name} ${person.last_name}` : "";
  };
  return (
    <div className={css.reader}>
      <div className={css.pdf}>
        {error ? (
          <Failed error={error} again={again} />
        ) : address ? (
          <iframe src={`${address}#toolbar=0&navpanes=0&view=FitH`} title={f.viewer(title(paper))} />
        ) : (
          <p role="status">{f.reading}</p>
        )}
      </div>
      <aside className={css.aside}>
        {address && (
          <p className={css.links}>
            <a href={address} target="_blank" rel="noreferrer">
              {f.newTab}
            </a>
            <a href={address} download={`${paper.kind}.pdf`}>
              {f.download}
            </a>
          </p>
        )}
        {paper.state === "ready" && mayHere("documents.sign") && !signing && (
          <Button onClick={() => setSigning(true)}>{f.sign}</Button>
        )}
        {signing && paper.state === "ready" && <Sign patient={patient} paper={paper} close={() => setSigning(false)} />}
        {(whole.data?.signatures ?? []).map((signature) => (
          <section key={signature.id} className={css.evidence}>
            <h3>{f.evidence}</h3>
            <p>{f.evidenceLead}</p>
            <dl>
              <dt>{f.rows.signer}</dt>
              <dd>{nameOf(signature.party_id) === "•••" ? "•••" : signature.signer_name}</dd>
              <dt>{f.rows.relationship}</dt>
              <dd>{w.relations[signature.relationship] ?? signature.relationship}</dd>
              <dt>{f.rows.when}</dt>
              <dd>{formatMoment(signature.sign_time ?? "", zone)}</dd>
              <dt>{f.rows.how}</dt>
              <dd>{f.methods[signature.method] ?? signature.method}</dd>
              {signature.witness_id && (
                <>
                  <dt>{f.rows.witness}</dt>
                  <dd>{witness(signature.witness_id) || "–"}</dd>
                </>
              )}
              <dt>{f.rows.disclosure}</dt>
              <dd>{signature.disclosure_version}</dd>
              <dt>{f.rows.bytes}</dt>
              <dd className={css.hash}>{signature.sha256}</dd>
            </dl>
          </section>
        ))}
      </aside>
    </div>
  );
}

/** A signature given here; the person types her name and says twice that she means it. */
function Sign({ patient, paper, close }: { patient: Patient; paper: Paper; close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [agrees, setAgrees] = useState(false);
  const [intends, setIntends] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const sign = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const params = { path: { document_id: paper.id }, header: once() };
      const said = { agrees_to_electronic_records: agrees, intends_to_sign: intends };
      const body = { sha256: paper.sha256, signer_name: name.trim(), ...said };
      await data(api.POST("/v1/documents/{document_id}/sign", { params, body }));
      tell({ text: f.signed, tone: "good" });
      void queries.invalidateQueries({ queryKey: papersKey(patient) });
      void queries.invalidateQueries({ queryKey: ["timeline", patient.id] });
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  return (
    <form className={form.form} onSubmit={(event) => void sign(event)} aria-label={f.signTitle}>
      <p>{f.signLead}</p>
      <Field label={f.typed}>
        {(props) => (
          <input
            {...props}
            required
            minLength={2}
            maxLength={120}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <fieldset>
        <legend className="hidden-text">{t.app.name}</legend>
        <Choice label={f.agrees} checked={agrees} onChange={setAgrees} />
        <Choice label={f.intends} checked={intends} onChange={setIntends} />
      </fieldset>
      <Buttons error={error} close={close} busy={busy} save={f.signGo} />
    </form>
  );
}
