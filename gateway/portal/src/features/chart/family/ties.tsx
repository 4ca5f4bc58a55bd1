import { type FormEvent, type ReactNode, useState } from "react";
import { api, data, ifMatch, once, type Patient } from "../../../api/client";
import { tell } from "../../../ui/undo";
import type { RelatedParty } from "../data";
import { Buttons, Choice, Dialog, Field, form } from "../dialog";
import { newParty, type PersonValues, tidy, unfit } from "../person";
import { w } from "../words";
import { type TieInput, toInput } from "./data";
import { g } from "./words";

interface Opened {
  opened: boolean;
  close: () => void;
  saved: () => void;
}

/** Runs a change and says what came of it. */
function useTask(close: () => void, saved: () => void) {
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
    saved();
  };
  return { error, busy, run };
}

function TieFields({ tie, set }: { tie: TieInput; set: (tie: TieInput) => void }) {
  const kinds = ["parent", "step_parent", "guardian", "court_order", "guarantor", "spouse", "other"] as const;
  const self = tie.kind === "self";
  const kind = tie.kind ?? "other";
  return (
    <>
      {!self && (
        <Field label={g.family.kind}>
          {(props) => (
            <select
              {...props}
              value={kind}
              onChange={(event) => {
                const wanted = event.currentTarget.value as (typeof kinds)[number];
                set({ ...tie, kind: wanted, ...(wanted === "guarantor" ? { clinical_access: false } : {}) });
              }}
            >
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {w.relations[one]}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <fieldset>
        <legend>{g.family.may}</legend>
        <Choice
          label={g.family.mayConsent}
          checked={tie.may_consent ?? false}
          onChange={(may_consent) => set({ ...tie, may_consent, ...(may_consent ? { clinical_access: true } : {}) })}
        />
        <Choice
          label={g.family.maySee}
          hint={kind === "guarantor" ? g.family.guarantorSees : undefined}
          disabled={kind === "guarantor"}
          checked={tie.clinical_access ?? false}
          onChange={(clinical_access) =>
            set({ ...tie, clinical_access, ...(clinical_access ? {} : { may_consent: false }) })
          }
        />
        <Choice
          label={g.family.mayPay}
          checked={tie.financial ?? false}
          onChange={(financial) => set({ ...tie, financial, ...(financial ? {} : { share_bp: 0 }) })}
        />
        <Choice
          label={g.family.ownShareOnly}
          hint={g.family.ownShareHint}
          checked={tie.own_share_only ?? false}
          onChange={(own_share_only) => set({ ...tie, own_share_only })}
        />
        <Choice
          label={g.family.isPrimary}
          checked={tie.primary_contact ?? false}
          onChange={(primary_contact) => set({ ...tie, primary_contact })}
        />
      </fieldset>
      <Field label={g.family.order}>
        {(props) => (
          <input
            {...props}
            maxLength={200}
            required={kind === "court_order"}
            value={tie.court_order ?? ""}
            onChange={(event) => set({ ...tie, court_order: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}

/** What a person is to the patient. */
export function EditTie({ related, opened, close, saved }: Opened & { related: RelatedParty }) {
  const before = related.relationship;
  const [tie, setTie] = useState<TieInput>(() => toInput(before as NonNullable<typeof before>));
  const { error, busy, run } = useTask(close, saved);
  if (!before) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const params = { path: { relationship_id: before.id }, header: ifMatch(before.version) };
    const body = { relationship: tie };
    void run(() => data(api.PATCH("/v1/relationships/{relationship_id}", { params, body })), g.family.changed);
  };
  return (
    <Dialog
      title={g.family.roleOf(`${related.party?.first_name} ${related.party?.last_name}`)}
      opened={opened}
      close={close}
    >
      <form className={form.form} onSubmit={submit}>
        <TieFields tie={tie} set={setTie} />
        <Buttons error={error} close={close} busy={busy} save={w.save} />
      </form>
    </Dialog>
  );
}

/** Asks before a relationship ends: it does not begin again, a new one does. */
export function EndTie({
  related,
  opened,
  close,
  saved,
  hide,
}: Opened & {
  related: RelatedParty;
  hide: (text: string) => string;
}) {
  const { error, busy, run } = useTask(close, saved);
  const { relationship, party } = related;
  if (!relationship || !party) return null;
  const name = hide(`${party.first_name} ${party.last_name}`);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const params = { path: { relationship_id: relationship.id }, header: ifMatch(relationship.version) };
    const end = () => data(api.POST("/v1/relationships/{relationship_id}/end", { params, body: {} }));
    void run(end, g.family.ended(name));
  };
  return (
    <Dialog title={g.family.endTitle(name)} opened={opened} close={close}>
      <form className={form.form} onSubmit={submit}>
        <p>{relationship.share_bp > 0 ? g.family.endLeadPays(relationship.share_bp / 100) : g.family.endLead}</p>
        <Buttons error={error} close={close} busy={busy} save={g.family.endGo} />
      </form>
    </Dialog>
  );
}

const NOBODY: PersonValues = {
  ...{ first_name: "", last_name: "", birth_date: "", language: "en", email: "", mobile: "" },
  ...{ line1: "", line2: "", city: "", state: "", postal_code: "" },
};

/** A new person beside the patient. */
export function AddParty({ patient, opened, close, saved }: Opened & { patient: Patient }) {
  return (
    <Dialog title={g.family.add} opened={opened} close={close}>
      <AddForm patient={patient} close={close} saved={saved} />
    </Dialog>
  );
}

function AddForm({ patient, close, saved }: Omit<Opened, "opened"> & { patient: Patient }) {
  const [person, setPerson] = useState(NOBODY);
  const [tie, setTie] = useState<TieInput>({ ...NEW_TIE });
  const [wrong, setWrong] = useState<string>();
  const { error, busy, run } = useTask(close, saved);
  const text = (field: "first_name" | "last_name" | "mobile" | "email", type = "text"): ReactNode => (
    <Field label={g.person[field]} error={wrong === field ? g.person.wrong[wrong] : undefined}>
      {(props) => (
        <input
          {...props}
          type={type}
          required={field.endsWith("name")}
          maxLength={60}
          autoComplete="off"
          value={person[field]}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setPerson((was) => ({ ...was, [field]: value }));
          }}
        />
      )}
    </Field>
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const values = tidy(person);
    const bad = unfit(values);
    setWrong(bad);
    if (bad) return;
    const params = { path: { patient_id: patient.id }, header: once() };
    const body = { party: { ...newParty(values), relationship: tie } };
    void run(
      () => data(api.POST("/v1/patients/{patient_id}/parties", { params, body })),
      g.family.added(`${values.first_name} ${values.last_name}`),
    );
  };
  return (
    <form className={form.form} onSubmit={submit}>
      <div className={form.two}>
        {text("first_name")}
        {text("last_name")}
        {text("mobile", "tel")}
        {text("email", "email")}
      </div>
      <TieFields tie={tie} set={setTie} />
      <Buttons error={error} close={close} busy={busy} save={g.family.add} />
    </form>
  );
}

const NEW_TIE: TieInput = {
  ...{ kind: "parent", may_consent: false, clinical_access: false, financial: false },
  ...{ share_bp: 0, own_share_only: false, primary_contact: false, court_order: "" },
};
