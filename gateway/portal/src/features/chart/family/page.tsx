import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useKeys } from "../../../app/keys";
import { usePrivacy } from "../../../app/places";
import { formatFullDay } from "../../../domain/i18n";
import { phone } from "../../../domain/phone";
import { Pencil, Phone, Plus } from "../../../ui/icons";
import { isSplit } from "../alerts";
import { Card } from "../card";
import { type RelatedParty, useMayHere, useParties } from "../data";
import { EditParty, EditPatient } from "../edit";
import { zip } from "../person";
import type { TabProps } from "../tabs";
import { w } from "../words";
import { Links } from "./links";
import css from "./page.module.css";
import { AddParty, EditTie, EndTie } from "./ties";
import { Visibility } from "./visibility";
import { g } from "./words";

type Asked = { what: "patient" | "add" | "shares" } | { what: "party" | "tie" | "end"; related: RelatedParty };

/** The patient, the people who answer for her, what each may see and pays, and the private links they were given. */
export function FamilyTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  const [privacy] = usePrivacy();
  const queries = useQueryClient();
  const read = useParties(patient, mayHere("parties.read"));
  const [asked, setAsked] = useState<Asked>();
  const write = mayHere("parties.write");
  const close = () => setAsked(undefined);
  useKeys(
    w.tabs.family,
    mayHere("patients.update")
      ? [{ keys: "e", label: g.person.editPatient, run: () => setAsked({ what: "patient" }) }]
      : [],
  );
  const again = () => void queries.invalidateQueries({ queryKey: ["parties", patient.id] });
  const current = (read.data ?? []).filter(({ relationship }) => relationship && !relationship.end_time);
  const former = (read.data ?? []).filter(({ relationship }) => relationship?.end_time);
  const hide = (text: string) => (privacy && text ? "•••" : text);
  return (
    <div className={css.page}>
      <section className={css.self} aria-label={g.family.patient}>
        <header>
          <h2>{g.family.patient}</h2>
          {mayHere("patients.update") && (
            <Button
              size="xs"
              variant="default"
              leftSection={<Pencil size={13} />}
              onClick={() => setAsked({ what: "patient" })}
            >
              {w.edit}
            </Button>
          )}
        </header>
        <dl>
          <Row label={g.person.name}>{hide(`${patient.first_name} ${patient.last_name}`)}</Row>
          {patient.preferred_name && <Row label={g.person.preferred_name}>{hide(patient.preferred_name)}</Row>}
          <Row label={g.person.birth_date}>{hide(formatFullDay(patient.birth_date))}</Row>
          {patient.sex && <Row label={g.person.sex}>{hide(g.person.sexes[patient.sex] ?? "")}</Row>}
          <Row label={g.person.language}>{g.person.languages[patient.language]}</Row>
          <Row label={g.person.mobile}>{hide(phone(patient.mobile)) || "–"}</Row>
          <Row label={g.person.email}>{hide(patient.email) || "–"}</Row>
          <Row label={g.person.line1}>
            {hide(
              [
                ...(patient.address?.lines ?? []),
                [patient.address?.city, patient.address?.state, zip(patient.address?.postal_code ?? "")]
                  .filter(Boolean)
                  .join(" "),
              ]
                .filter(Boolean)
                .join(", "),
            ) || "–"}
          </Row>
        </dl>
      </section>

      {mayHere("parties.read") && (
        <Card
          title={g.family.people}
          count={current.length}
          query={read}
          empty={g.family.nobody}
          actions={
            write && (
              <Button
                size="xs"
                variant="default"
                leftSection={<Plus size={13} />}
                onClick={() => setAsked({ what: "add" })}
              >
                {g.family.add}
              </Button>
            )
          }
        >
          {() => (
            <>
              <ul className={css.people}>
                {current.map((related) => (
                  <Person key={related.relationship?.id} related={related} hide={hide} write={write} ask={setAsked} />
                ))}
              </ul>
              {former.length > 0 && (
                <details className={css.former}>
                  <summary>{g.family.former(former.length)}</summary>
                  <ul>
                    {former.map(({ party, relationship }) => (
                      <li key={relationship?.id}>
                        {hide(`${party?.first_name} ${party?.last_name}`)} ·{" "}
                        {w.relations[relationship?.kind ?? "other"]} ·{" "}
                        {g.family.endedOn(formatFullDay((relationship?.end_time ?? "").slice(0, 10)))}
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </>
          )}
        </Card>
      )}

      {current.length > 0 && (
        <Visibility
          patient={patient}
          current={current}
          split={isSplit(current)}
          write={write}
          hide={hide}
          saved={again}
        />
      )}
      {mayHere("links.read") && <Links patient={patient} parties={read.data ?? []} hide={hide} />}

      <EditPatient patient={patient} opened={asked?.what === "patient"} close={close} />
      <AddParty patient={patient} opened={asked?.what === "add"} close={close} saved={again} />
      {asked && "related" in asked && (
        <>
          <EditParty patient={patient} party={asked.related.party} opened={asked.what === "party"} close={close} />
          <EditTie related={asked.related} opened={asked.what === "tie"} close={close} saved={again} />
          <EndTie related={asked.related} opened={asked.what === "end"} close={close} saved={again} hide={hide} />
        </>
      )}
    </div>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Person({
  related,
  hide,
  write,
  ask,
}: {
  related: RelatedParty;
  hide: (text: string) => string;
  write: boolean;
  ask: (asked: Asked) => void;
}) {
  const { party, relationship: tie } = related;
  if (!party || !tie) return null;
  const name = hide(`${party.first_name} ${party.last_name}`);
  return (
    <li className={css.person}>
      <div className={css.name}>
        <strong>{name}</strong>
        <span>
          {w.relations[tie.kind ?? "other"]}
          {party.language === "es" && ` · ${g.person.languages.es}`}
        </span>
      </div>
      <div className={css.reach}>
        {party.mobile ? (
          <a href={`tel:${party.mobile}`} aria-label={`${hide(phone(party.mobile))}, ${w.header.call(name)}`}>
            <Phone size={13} />
            {hide(phone(party.mobile))}
          </a>
        ) : (
          <span>{w.header.noPhone}</span>
        )}
        <span>{hide(party.email)}</span>
      </div>
      <ul className={css.marks}>
        {tie.primary_contact && <li data-tone="brand">{g.family.primary}</li>}
        {tie.may_consent && <li>{g.family.consents}</li>}
        {tie.share_bp > 0 && <li>{g.family.pays(tie.share_bp / 100)}</li>}
        {tie.court_order && <li data-tone="warn">{g.family.courtOrder(hide(tie.court_order))}</li>}
      </ul>
      {write && (
        <div className={css.does}>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => ask({ what: "party", related })}
            aria-label={g.family.editPerson(name)}
          >
            {w.edit}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => ask({ what: "tie", related })}
            aria-label={g.family.editRole(name)}
          >
            {g.family.role}
          </Button>
          {tie.kind !== "self" && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              onClick={() => ask({ what: "end", related })}
              aria-label={g.family.endWith(name)}
            >
              {g.family.end}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}
