import { Button } from "@mantine/core";
import { useState } from "react";
import { api, data, ifMatch, type Patient } from "../../api/client";
import { Dialog } from "../../ui/dialog";
import { tell } from "../../ui/undo";
import { type Card, type Contact, type Lead, refusal, useLead } from "./data";
import { Field } from "./field";
import type { StepProps } from "./step";
import css from "./steps.module.css";
import { w } from "./words";

const RELATIONS = ["parent", "guardian", "other", "self"] as const;

/** The number as the directory keeps it, such as +16175550100; empty when it is not a whole one. */
const e164 = (phone: string): string => {
  const digits = phone.toLowerCase().split("x")[0]?.replace(/\D/g, "") ?? "";
  if (phone.trim().startsWith("+")) return `+${digits}`;
  return digits.length === 10 ? `+1${digits}` : digits.length === 11 && digits.startsWith("1") ? `+${digits}` : "";
};

/** Makes a patient of a lead, and goes on to a time for the exam. */
export default function Register({ leadId, ...props }: StepProps & { leadId: string }) {
  const { data: found } = useLead(leadId);
  const lead = found?.lead;
  if (!lead?.contact) return null;
  return <RegisterForm {...props} lead={lead} contact={lead.contact} />;
}

function RegisterForm({ lead, contact, close, next, changes }: StepProps & { lead: Lead; contact: Contact }) {
  const [first, setFirst] = useState(contact.patient_first_name || contact.first_name);
  const [last, setLast] = useState(contact.last_name);
  const [birth, setBirth] = useState(contact.patient_birth_date);
  const [relation, setRelation] = useState<(typeof RELATIONS)[number]>(contact.patient_first_name ? "parent" : "self");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const whole = first.trim() && last.trim() && birth;

  const register = async () => {
    setTried(true);
    if (!whole) return;
    setBusy(true);
    const reach = {
      ...(contact.email ? { email: contact.email } : {}),
      ...(e164(contact.phone) ? { mobile: e164(contact.phone) } : {}),
    };
    try {
      const made = await data(
        api.POST("/v1/leads/{lead_id}/register", {
          params: { path: { lead_id: lead.id }, header: ifMatch(Number(lead.version)) },
          body: {
            first_name: first.trim(),
            last_name: last.trim(),
            birth_date: birth,
            ...(relation === "self"
              ? reach
              : {
                  parties: [
                    {
                      first_name: contact.first_name,
                      last_name: contact.last_name || last.trim(),
                      ...reach,
                      ...(contact.language === "es" || contact.language === "en" ? { language: contact.language } : {}),
                      relationship: { kind: relation, may_consent: true, clinical_access: true, financial: true },
                    },
                  ],
                }),
          },
        }),
      );
      const made_case = made.case;
      if (!made_case) return close();
      void changes.refresh();
      const name = `${first} ${last}`;
      const twins = made.possible_duplicate_ids.length;
      tell({
        text: w.form.registered(name),
        detail: twins ? w.form.dupes(twins) : undefined,
        tone: twins ? "warn" : "good",
      });
      const patient = await data(
        api.GET("/v1/patients/{patient_id}", { params: { path: { patient_id: made_case.patient_id } } }),
      );
      const card = {
        lead_id: lead.id,
        case_id: made_case.id,
        patient_id: made_case.patient_id,
        location_id: made_case.location_id,
        stage: made_case.stage,
        state: made_case.state,
        owner_id: made_case.owner_id,
        version: Number(made_case.version),
      } as Card;
      next({ kind: "book", card, patient: patient.patient as Patient, type: "exam" });
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
      setBusy(false);
    }
  };

  return (
    <Dialog title={w.form.register} close={close} size={480}>
      <form
        className={css.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void register();
        }}
      >
        <div className={css.two}>
          <Field
            label={w.form.patientFirst}
            value={first}
            set={setFirst}
            focus
            error={tried && !first.trim() ? w.form.needed : undefined}
          />
          <Field
            label={w.form.patientLast}
            value={last}
            set={setLast}
            error={tried && !last.trim() ? w.form.needed : undefined}
          />
          <Field
            label={w.form.birth}
            type="date"
            value={birth}
            set={setBirth}
            error={tried && !birth ? w.form.needed : undefined}
          />
          <label className={css.field}>
            <span>{w.form.relation}</span>
            <select value={relation} onChange={(event) => setRelation(event.currentTarget.value as typeof relation)}>
              {RELATIONS.map((one) => (
                <option key={one} value={one}>
                  {w.form.relations[one]}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className={css.buttons}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {w.form.registerAndBook}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
