import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, once, type Patient } from "../../../api/client";
import { Check, Close } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { type RelatedParty, useMayHere } from "../data";
import { refusal } from "../dialog";
import css from "./page.module.css";
import { m } from "./words";

const PURPOSES = ["appointment", "care", "presentation", "payment", "marketing"] as const;
const CHANNELS = ["sms", "email"] as const;

/** What each person agreed to receive. The last word counts; what was not said is yes, except for news. */
export function Consent({
  patient,
  parties,
  nameOf,
}: {
  patient: Patient;
  parties: RelatedParty[];
  nameOf: (party: string) => string;
}) {
  const current = parties.flatMap(({ party, relationship }) => (party && !relationship?.end_time ? [party] : []));
  if (current.length === 0) return null;
  return (
    <section className={css.card} aria-label={m.consent}>
      <h2>{m.consent}</h2>
      <p className={css.when}>{m.consentLead}</p>
      {current.map((party) => (
        <Wishes key={party.id} patient={patient} party={party.id} name={nameOf(party.id)} />
      ))}
    </section>
  );
}

function Wishes({ patient, party, name }: { patient: Patient; party: string; name: string }) {
  const mayHere = useMayHere(patient);
  const queries = useQueryClient();
  const key = ["preferences", party];
  const { data: said } = useQuery({
    queryKey: key,
    queryFn: () =>
      data(api.GET("/v1/responsible-parties/{party_id}/preferences", { params: { path: { party_id: party } } })).then(
        (found) => found.preferences,
      ),
  });
  const allowed = (channel: string, purpose: string) =>
    said?.find((one) => one.channel === channel && one.purpose === purpose)?.allowed ?? purpose !== "marketing";
  const change = async (channel: (typeof CHANNELS)[number], purpose: (typeof PURPOSES)[number]) => {
    const body = { patient_id: patient.id, channel, purpose, allowed: !allowed(channel, purpose) };
    const params = { path: { party_id: party }, header: once() };
    try {
      await data(api.POST("/v1/responsible-parties/{party_id}/preferences", { params, body }));
      tell({ text: m.kept, tone: "good" });
    } catch (error) {
      tell({ text: m.notKept, detail: refusal(error), tone: "bad" });
    }
    void queries.invalidateQueries({ queryKey: key });
    void queries.invalidateQueries({ queryKey: ["draft", patient.id] });
  };
  return (
    <table className={css.wishes} aria-busy={said === undefined}>
      <thead>
        <tr>
          <th scope="col">{name}</th>
          {CHANNELS.map((channel) => (
            <th key={channel} scope="col">
              {m.channels[channel]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {PURPOSES.map((purpose) => (
          <tr key={purpose}>
            <th scope="row">{m.purposes[purpose]}</th>
            {CHANNELS.map((channel) => {
              const yes = allowed(channel, purpose);
              const content = (
                <>
                  {yes ? <Check size={13} /> : <Close size={13} />}
                  {yes ? m.yes : m.no}
                </>
              );
              const what = `${name}, ${m.channels[channel]}, ${m.purposes[purpose]}`;
              return (
                <td key={channel} data-yes={yes}>
                  {mayHere("preferences.write") ? (
                    <button
                      type="button"
                      aria-label={m.change(yes ? m.yes : m.no, what, yes ? m.no : m.yes)}
                      onClick={() => void change(channel, purpose)}
                    >
                      {content}
                    </button>
                  ) : (
                    <span>{content}</span>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
