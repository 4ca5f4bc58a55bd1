import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, once, type Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { useSession } from "../../../app/session";
import { formatMoment, formatShortDay } from "../../../domain/i18n";
import { wall } from "../../../domain/time";
import { Check } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { useHome, useMayHere } from "../data";
import { Dialog, Field, form, refusal } from "../dialog";
import { w } from "../words";
import type { Note } from "./lines";
import css from "./page.module.css";
import { l } from "./words";

/** What is being written: a new note, one that is not signed yet, or an addendum to a signed one. */
export type Writing = { what: "new" } | { what: "edit" | "addendum"; note: Note };

const useAgain = (patient: Patient) => {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ["timeline", patient.id, "note"] });
    void queries.invalidateQueries({ queryKey: ["last-note", patient.id] });
  };
};

const sign = (note: Note) => {
  const params = { path: { note_id: note.id }, header: ifMatch(note.version) };
  return data(api.POST("/v1/notes/{note_id}/sign", { params, body: {} }));
};

/** Whether a note is signed, and what may be done with it. */
export function NoteTools({
  patient,
  note,
  zone,
  write,
}: {
  patient: Patient;
  note: Note;
  zone: string;
  write: (writing: Writing) => void;
}) {
  const mayHere = useMayHere(patient);
  const { session } = useSession();
  const { data: staff } = useStaff();
  const again = useAgain(patient);
  const signer = staff?.find((person) => person.id === note.signed_by_id);
  const signNow = async () => {
    try {
      await sign(note);
      tell({ text: l.note.signedNow, detail: l.note.signedLead, tone: "good" });
    } catch (error) {
      tell({ text: l.note.notSigned, detail: refusal(error), tone: "bad" });
    }
    again();
  };
  return (
    <div className={css.noteTools}>
      {note.sign_time ? (
        <span data-signed>
          <Check size={13} />
          {l.note.signed(signer ? `${signer.first_name} ${signer.last_name}` : "", formatMoment(note.sign_time, zone))}
        </span>
      ) : (
        <span>{l.note.unsigned}</span>
      )}
      {!note.sign_time && mayHere("notes.sign") && (
        <Button size="compact-xs" onClick={() => void signNow()}>
          {l.note.sign}
        </Button>
      )}
      {!note.sign_time && mayHere("notes.write") && note.author_id === session.user_id && (
        <Button size="compact-xs" variant="default" onClick={() => write({ what: "edit", note })}>
          {w.edit}
        </Button>
      )}
      {note.sign_time && mayHere("notes.write") && (
        <Button size="compact-xs" variant="default" onClick={() => write({ what: "addendum", note })}>
          {l.note.addendum}
        </Button>
      )}
    </div>
  );
}

export function NoteDialog({
  patient,
  writing,
  close,
}: {
  patient: Patient;
  writing: Writing | undefined;
  close: () => void;
}) {
  const titles = { new: l.note.write, edit: l.note.edit, addendum: l.note.addendumTitle };
  return (
    <Dialog title={writing ? titles[writing.what] : ""} opened={writing !== undefined} close={close}>
      {writing && <NoteForm patient={patient} writing={writing} close={close} />}
    </Dialog>
  );
}

function NoteForm({ patient, writing, close }: { patient: Patient; writing: Writing; close: () => void }) {
  const mayHere = useMayHere(patient);
  const home = useHome(patient);
  const again = useAgain(patient);
  const before = writing.what === "new" ? undefined : writing.note;
  const [text, setText] = useState(writing.what === "edit" ? writing.note.text : "");
  const [visitId, setVisitId] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState("");
  const visits = useQuery({
    queryKey: ["visits", patient.id],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/visits", {
          params: { path: { patient_id: patient.id }, query: { page_size: 10 } },
        }),
      ).then((found) => found.visits),
    enabled: writing.what === "new" && mayHere("visits.read"),
  });
  const visit = visits.data?.find((one) => one.id === (visitId ?? visits.data?.[0]?.id));

  const save = async (andSign: boolean) => {
    setBusy(andSign ? "sign" : "save");
    setError(undefined);
    try {
      const body = {
        patient_id: patient.id,
        location_id: before?.location_id ?? visit?.location_id ?? patient.home_location_id,
        text,
        ...(writing.what === "edit" ? { note_id: writing.note.id, version: writing.note.version } : {}),
        ...(writing.what === "addendum" ? { addendum_to_id: writing.note.id } : {}),
        ...(writing.what === "new" && visit && visitId !== "" ? { visit_id: visit.id } : {}),
      };
      const { note } = await data(api.POST("/v1/notes", { params: { header: once() }, body }));
      if (andSign) await sign(note as Note);
      tell(
        andSign
          ? { text: l.note.signedNow, detail: l.note.signedLead, tone: "good" }
          : { text: l.note.saved, detail: l.note.unsigned, tone: "good" },
      );
      close();
    } catch (failed) {
      setError(failed);
    }
    setBusy("");
    again();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(false);
  };
  return (
    <form className={form.form} onSubmit={submit}>
      {writing.what === "addendum" && <blockquote className={css.quoted}>{writing.note.text}</blockquote>}
      {writing.what === "new" && (
        <div className={form.two}>
          <Field label={l.note.visit}>
            {(props) => (
              <select
                {...props}
                value={visitId ?? visits.data?.[0]?.id ?? ""}
                onChange={(event) => setVisitId(event.currentTarget.value)}
              >
                {(visits.data ?? []).map((one) => (
                  <option key={one.id} value={one.id}>
                    {formatShortDay(wall(one.arrive_time ?? "", home.time_zone).day)} ·{" "}
                    {one.type_code.replaceAll("_", " ")}
                  </option>
                ))}
                <option value="">{l.note.betweenVisits}</option>
              </select>
            )}
          </Field>
          <Field label={l.note.template}>
            {(props) => (
              <select
                {...props}
                defaultValue=""
                onChange={(event) => setText(l.note.templates[event.currentTarget.value]?.[1] ?? "")}
              >
                <option value="">{l.note.empty}</option>
                {Object.entries(l.note.templates).map(([key, [name]]) => (
                  <option key={key} value={key}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      )}
      <Field label={l.note.text}>
        {(props) => (
          <textarea
            {...props}
            data-autofocus
            required
            rows={9}
            maxLength={8000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
      {error !== undefined && (
        <p className={form.failed} role="alert">
          {refusal(error)}
        </p>
      )}
      <div className={form.buttons}>
        <Button variant="default" onClick={close}>
          {w.cancel}
        </Button>
        <Button type="submit" variant={mayHere("notes.sign") ? "default" : "filled"} loading={busy === "save"}>
          {l.note.save}
        </Button>
        {mayHere("notes.sign") && (
          <Button disabled={!text.trim()} loading={busy === "sign"} onClick={() => void save(true)}>
            {l.note.saveAndSign}
          </Button>
        )}
      </div>
    </form>
  );
}
