import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, once } from "../../api/client";
import { usePatientName } from "../../api/people";
import { usePlaces } from "../../app/places";
import { useSession } from "../../app/session";
import { SPOKEN } from "../../domain/i18n";
import { Dialog } from "../../ui/dialog";
import { tell } from "../../ui/undo";
import { type Card, type Contact, idOf, type Lead, refusal, useSearch } from "./data";
import { Field } from "./field";
import type { StepProps } from "./step";
import css from "./steps.module.css";
import { w } from "./words";

/** Who asks, how they found us and what they want; whoever may be the same family is shown while it is typed. */
export default function NewLead({ close, next, changes, names, openCard }: StepProps) {
  const { places, here } = usePlaces();
  const { may } = useSession();
  const own = places.filter((place) => may("leads.create", place.id));
  const [contact, setContact] = useState<Contact>({
    first_name: "",
    last_name: "",
    phone: "",
    email: "",
    patient_first_name: "",
    patient_birth_date: "",
    language: "",
    note: "",
  });
  const [source, setSource] = useState<keyof typeof w.sources>("phone");
  const [detail, setDetail] = useState("");
  const [partner, setPartner] = useState("");
  const [place, setPlace] = useState(own.find((one) => one.id === here?.id)?.id ?? own[0]?.id ?? "");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const put = (part: Partial<Contact>) => setContact((was) => ({ ...was, ...part }));
  const reachable = contact.phone.trim() !== "" || contact.email.trim() !== "";
  const partners = usePartners(source === "referral_dentist" && may("partners.read"));

  const save = async (event: FormEvent, andBook: boolean) => {
    event.preventDefault();
    setTried(true);
    if (!contact.first_name.trim() || !reachable) return;
    setBusy(true);
    try {
      const made = await data(
        api.POST("/v1/leads", {
          params: { header: once() },
          body: {
            location_id: place,
            source,
            contact,
            ...(detail ? { source_detail: detail } : {}),
            ...(partner ? { partner_id: partner } : {}),
          },
        }),
      );
      const lead = made.lead as Lead;
      void changes.refresh();
      tell({
        text: w.form.created(`${contact.patient_first_name || contact.first_name} ${contact.last_name}`),
        tone: "good",
      });
      if (andBook) next({ kind: "register", leadId: lead.id });
      else {
        close();
        openCard(lead.id);
      }
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
      setBusy(false);
    }
  };

  return (
    <Dialog title={w.form.title} close={close}>
      <form className={css.form} onSubmit={(event) => void save(event, false)} noValidate>
        <div className={css.two}>
          <Field
            label={w.form.first}
            value={contact.first_name}
            set={(first_name) => put({ first_name })}
            error={tried && !contact.first_name.trim() ? w.form.needed : undefined}
            focus
          />
          <Field label={w.form.last} value={contact.last_name} set={(last_name) => put({ last_name })} />
          <Field
            label={w.form.phone}
            type="tel"
            value={contact.phone}
            set={(phone) => put({ phone })}
            error={tried && !reachable ? w.form.reach : undefined}
          />
          <Field label={w.form.email} type="email" value={contact.email} set={(email) => put({ email })} />
          <Field
            label={w.form.child}
            hint={w.form.childHint}
            value={contact.patient_first_name}
            set={(patient_first_name) => put({ patient_first_name })}
          />
          <Field
            label={w.form.birth}
            type="date"
            value={contact.patient_birth_date}
            set={(patient_birth_date) => put({ patient_birth_date })}
          />
        </div>
        <SameFamily phone={contact.phone} openCard={openCard} close={close} names={names} />
        <label className={css.field}>
          <span>{w.form.concern}</span>
          <textarea
            rows={2}
            maxLength={2000}
            value={contact.note}
            onChange={(event) => put({ note: event.currentTarget.value })}
          />
        </label>
        <div className={css.two}>
          <label className={css.field}>
            <span>{w.form.source}</span>
            <select value={source} onChange={(event) => setSource(event.currentTarget.value as typeof source)}>
              {Object.entries(w.sources).map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {source === "referral_dentist" ? (
            <label className={css.field}>
              <span>{w.form.referrer}</span>
              <select value={partner} onChange={(event) => setPartner(event.currentTarget.value)}>
                <option value="">{w.form.noReferrer}</option>
                {(partners.data ?? []).map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name}
                  </option>
                ))}
              </select>
            </label>
          ) : (
            <Field label={w.form.detail} value={detail} set={setDetail} max={80} />
          )}
          <label className={css.field}>
            <span>{w.form.place}</span>
            <select value={place} onChange={(event) => setPlace(event.currentTarget.value)}>
              {own.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
          <label className={css.field}>
            <span>{w.form.language}</span>
            <select value={contact.language} onChange={(event) => put({ language: event.currentTarget.value })}>
              <option value="">{w.form.unsaid}</option>
              {(["en", "es"] as const).map((one) => (
                <option key={one} value={one}>
                  {SPOKEN[one]}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className={css.buttons}>
          <Button type="submit" variant="default" disabled={busy}>
            {w.form.create}
          </Button>
          {may("leads.register", place) && (
            <Button loading={busy} onClick={(event) => void save(event, true)}>
              {w.form.createAndBook}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function usePartners(enabled: boolean) {
  return useQuery({
    queryKey: ["partners", "referrers"],
    queryFn: () =>
      data(api.GET("/v1/partners", { params: { query: { page_size: 200 } } })).then((found) =>
        found.partners.filter(
          (partner) => partner.active && (partner.kind === "referrer" || partner.kind === "specialist"),
        ),
      ),
    enabled,
    staleTime: 300_000,
  });
}

/** Cards and patients with the same phone number, while it is typed. */
function SameFamily({
  phone,
  openCard,
  close,
  names,
}: {
  phone: string;
  openCard: (id: string) => void;
  close: () => void;
  names: StepProps["names"];
}) {
  const digits = phone.replace(/\D/g, "");
  const [settled] = useDebouncedValue(digits.length >= 10 ? digits.slice(-10) : "", 250);
  const cards = useSearch(settled, undefined);
  const called = usePatientName();
  const patients = useQuery({
    queryKey: ["search", settled],
    queryFn: ({ signal }) =>
      data(api.POST("/v1/patients/search", { body: { query: settled, page_size: 5 }, signal })).then(
        (found) => found.patients,
      ),
    enabled: settled !== "",
    gcTime: 0,
  });
  const shown = settled && digits.endsWith(settled);
  const found = shown ? (cards.data ?? []) : [];
  const others = shown
    ? (patients.data ?? []).filter((patient) => !found.some((card) => card.patient_id === patient.id))
    : [];
  if (found.length + others.length === 0) return <span className="hidden-text" role="status" />;
  const known = new Map((patients.data ?? []).map((patient) => [patient.id, patient]));
  const nameOf = (card: Card) => {
    const patient = known.get(card.patient_id);
    return patient ? called(patient) : names.of(card);
  };
  return (
    <div className={css.same} role="status">
      <b>{w.form.same}</b>
      <ul>
        {found.map((card) => (
          <li key={idOf(card)}>
            <span>
              {nameOf(card)} <small>{card.stage ? w.form.sameLead(w.stages[card.stage]) : ""}</small>
            </span>
            <button
              type="button"
              onClick={() => {
                close();
                openCard(idOf(card));
              }}
            >
              {w.form.see}
            </button>
          </li>
        ))}
        {others.map((patient) => (
          <li key={patient.id}>
            <span>
              {called(patient)} <small>{w.form.samePatient(patient.chart_number)}</small>
            </span>
          </li>
        ))}
      </ul>
      <small>{w.form.anyway}</small>
    </div>
  );
}
