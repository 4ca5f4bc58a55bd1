import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { api, data, once, type Patient } from "../../../api/client";
import { formatMoment, locale } from "../../../domain/i18n";
import { smsLength } from "../../../domain/sms";
import { Alert } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { type RelatedParty, useHome } from "../data";
import { Choice, Field, form, refusal } from "../dialog";
import { w } from "../words";
import css from "./page.module.css";
import { m } from "./words";

const languages = new Intl.DisplayNames(locale, { type: "language" });

type Channel = "sms" | "email";
type Purpose = "care" | "appointment" | "payment";
const PURPOSES: readonly Purpose[] = ["care", "appointment", "payment"];
const PURPOSE_OF: Record<string, Purpose> = {
  please_call: "care",
  book_visit: "appointment",
  missed_visit: "appointment",
  forms_before_visit: "appointment",
  payment_reminder: "payment",
  after_visit: "care",
};

interface Props {
  patient: Patient;
  parties: RelatedParty[];
  nameOf: (party: string) => string;
}

/** A place to write to the family, or to log what was said. */
export function Composer(props: Props) {
  const [what, setWhat] = useState<"write" | "call">("write");
  return (
    <section className={css.card} aria-label={m.compose}>
      <div className={css.switch} role="group" aria-label={m.how}>
        {(["write", "call"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={what === one} onClick={() => setWhat(one)}>
            {m[one]}
          </button>
        ))}
      </div>
      {what === "write" ? <Write {...props} /> : <LogCall {...props} />}
    </section>
  );
}

function useAgain(patient: Patient) {
  const queries = useQueryClient();
  return () => {
    for (const key of ["messages", "threads"]) void queries.invalidateQueries({ queryKey: [key, patient.id] });
    void queries.invalidateQueries({ queryKey: ["timeline", patient.id, "message"] });
  };
}

/** Those who may be written to today. */
const reachable = (parties: RelatedParty[]) =>
  parties.filter(({ relationship }) => relationship && !relationship.end_time);

/** How a message would read and whether it may go: the server's word, in the language of the person. */
function useDraft(patient: Patient, party: string, channel: Channel, purpose: Purpose, kind: string) {
  return useQuery({
    queryKey: ["draft", patient.id, party, channel, purpose, kind],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/message-draft", {
          params: {
            path: { patient_id: patient.id },
            query: {
              channel,
              purpose,
              ...(party ? { party_id: party } : {}),
              ...(kind ? { template_kind: kind } : {}),
            },
          },
        }),
      ),
    staleTime: 30_000,
  });
}

function Write({ patient, parties, nameOf }: Props) {
  const zone = useHome(patient).time_zone;
  const again = useAgain(patient);
  const people = reachable(parties);
  const [to, setTo] = useState<string>();
  const [wanted, setWanted] = useState<Channel>();
  const [purpose, setPurpose] = useState<Purpose>("care");
  const [kind, setKind] = useState("");
  const [subject, setSubject] = useState("");
  const [body, setBody] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const party = to ?? people[0]?.party?.id ?? "";
  const drafts = {
    sms: useDraft(patient, party, "sms", purpose, kind),
    email: useDraft(patient, party, "email", purpose, kind),
  };
  const fits = (one: Channel) => drafts[one].data?.allowed && drafts[one].data?.reachable;
  // What the person wants and can receive comes first: a text, else an e-mail.
  const channel: Channel = wanted ?? (fits("sms") || !fits("email") ? "sms" : "email");
  const draft = drafts[channel].data;

  // Another template or reader brings another text; typing does not.
  useEffect(() => {
    if (!kind || !draft?.body) return;
    setBody(draft.body);
    setSubject(draft.subject);
  }, [kind, draft?.body, draft?.subject]);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const about = {
        patient_id: patient.id,
        location_id: patient.home_location_id,
        ...(party ? { party_id: party } : {}),
      };
      const text = { channel, purpose, body, ...(channel === "email" ? { subject } : {}) };
      await data(api.POST("/v1/messages", { params: { header: once() }, body: { ...about, ...text } }));
      tell({ text: m.sent, detail: nameOf(party), tone: "good" });
      setBody("");
      setSubject("");
      setKind("");
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
    again();
  };
  const { parts, characters } = smsLength(body);
  const leaves = draft?.leave_time && Date.parse(draft.leave_time) > Date.now() + 60_000 ? draft.leave_time : undefined;
  const stop = draft && !draft.reachable ? m.unreachable[channel] : draft && !draft.allowed ? m.declined : undefined;
  return (
    <form className={form.form} onSubmit={(event) => void send(event)}>
      <div className={form.two}>
        <Select label={m.to} value={party} set={setTo} hint={draft && m.language(languages.of(draft.language) ?? "")}>
          {people.map(({ party: one, relationship }) => (
            <option key={one?.id} value={one?.id}>
              {nameOf(one?.id ?? "")}, {w.relations[relationship?.kind ?? "other"]}
            </option>
          ))}
          {people.length === 0 && <option value="">{m.patientHerself}</option>}
        </Select>
        <Select label={m.via} value={channel} set={(value) => setWanted(value as Channel)}>
          <option value="sms">{m.channels.sms}</option>
          <option value="email">{m.channels.email}</option>
        </Select>
        <Select
          label={m.template}
          value={kind}
          set={(value) => {
            setKind(value);
            const about = PURPOSE_OF[value];
            if (about) setPurpose(about);
          }}
        >
          <option value="">{m.free}</option>
          {Object.entries(m.kinds).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        <Select label={m.about} value={purpose} set={(value) => setPurpose(value as Purpose)}>
          {PURPOSES.map((value) => (
            <option key={value} value={value}>
              {m.purposes[value]}
            </option>
          ))}
        </Select>
      </div>
      {channel === "email" && (
        <Field label={m.subject}>
          {(props) => (
            <input
              {...props}
              required
              maxLength={150}
              value={subject}
              onChange={(event) => setSubject(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label={m.text} hint={channel === "sms" && body ? m.parts(parts, characters) : undefined}>
        {(props) => (
          <textarea
            {...props}
            required
            rows={5}
            maxLength={4000}
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
          />
        )}
      </Field>
      {body.trim() && (
        <div className={css.preview}>
          <small>{m.preview}</small>
          <div className={css.body}>
            {channel === "email" && subject && <b>{subject}</b>}
            <p>{body}</p>
          </div>
        </div>
      )}
      {stop ? (
        <p className={css.stop}>
          <Alert size={14} />
          {stop}
        </p>
      ) : (
        draft && <p className={css.when}>{leaves ? m.later(formatMoment(leaves, zone)) : m.now}</p>
      )}
      <Said error={error} />
      <div className={form.buttons}>
        <Button type="submit" loading={busy} disabled={stop !== undefined || !body.trim()}>
          {m.send}
        </Button>
      </div>
    </form>
  );
}

function LogCall({ patient, parties, nameOf }: Props) {
  const again = useAgain(patient);
  const people = parties;
  const [to, setTo] = useState<string>();
  const [how, setHow] = useState<"phone" | "desk">("phone");
  const [inbound, setInbound] = useState(false);
  const [purpose, setPurpose] = useState<Purpose>("care");
  const [body, setBody] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const party = to ?? people[0]?.party?.id ?? "";
  const log = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const about = {
        patient_id: patient.id,
        location_id: patient.home_location_id,
        ...(party ? { party_id: party } : {}),
      };
      const said = { channel: how, purpose, inbound, body };
      await data(api.POST("/v1/communications", { params: { header: once() }, body: { ...about, ...said } }));
      tell({ text: m.logged, tone: "good" });
      setBody("");
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
    again();
  };
  return (
    <form className={form.form} onSubmit={(event) => void log(event)}>
      <div className={form.two}>
        <Select label={m.callWith} value={party} set={setTo}>
          {people.map(({ party: one }) => (
            <option key={one?.id} value={one?.id}>
              {nameOf(one?.id ?? "")}
            </option>
          ))}
          <option value="">{m.patientHerself}</option>
        </Select>
        <Select label={m.callHow} value={how} set={(value) => setHow(value as "phone")}>
          <option value="phone">{m.channels.phone}</option>
          <option value="desk">{m.channels.desk}</option>
        </Select>
        <Select label={m.about} value={purpose} set={(value) => setPurpose(value as Purpose)}>
          {PURPOSES.map((value) => (
            <option key={value} value={value}>
              {m.purposes[value]}
            </option>
          ))}
        </Select>
      </div>
      {how === "phone" && <Choice label={m.familyCalled} checked={inbound} onChange={setInbound} />}
      <Field label={m.said}>
        {(props) => (
          <textarea
            {...props}
            required
            rows={5}
            maxLength={4000}
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
          />
        )}
      </Field>
      <Said error={error} />
      <div className={form.buttons}>
        <Button type="submit" loading={busy} disabled={!body.trim()}>
          {m.logIt}
        </Button>
      </div>
    </form>
  );
}

function Said({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return (
    <p className={form.failed} role="alert">
      {refusal(error)}
    </p>
  );
}

function Select({
  label,
  hint,
  value,
  set,
  children,
}: {
  label: string;
  hint?: string;
  value: string;
  set: (value: string) => void;
  children: ReactNode;
}) {
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <select {...props} value={value} onChange={(event) => set(event.currentTarget.value)}>
          {children}
        </select>
      )}
    </Field>
  );
}
