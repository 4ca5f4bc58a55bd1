import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, ifMatch, type Schemas } from "../../api/client";
import { Dialog } from "../../ui/dialog";
import { Check } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { type Card, refusal } from "./data";
import css from "./present.module.css";
import type { StepProps } from "./step";
import { w } from "./words";

interface ShareProps {
  card: Card;
  names: StepProps["names"];
  changes: StepProps["changes"];
  presentation: Schemas["coordination.Presentation"];
  close: () => void;
}

/** The private link: made for one person, shown once, mailed by itself. */
export function Share({ card, names, changes, presentation, close }: ShareProps) {
  const parties = useQuery({
    queryKey: ["parties", card.patient_id],
    queryFn: () =>
      data(api.GET("/v1/patients/{patient_id}/parties", { params: { path: { patient_id: card.patient_id } } })).then(
        (found) => found.parties,
      ),
  });
  const [chosen, setChosen] = useState("");
  const [busy, setBusy] = useState(false);
  const [url, setUrl] = useState("");
  const [copied, setCopied] = useState(false);
  const party = (parties.data ?? []).find((one) => one.party?.id === chosen) ?? parties.data?.[0];
  const named = party?.party ? `${party.party.first_name} ${party.party.last_name}` : "";

  const share = async () => {
    if (!party?.party) return;
    setBusy(true);
    try {
      const answer = await data(
        api.POST("/v1/presentations/{presentation_id}/share", {
          params: { path: { presentation_id: presentation.id }, header: ifMatch(Number(presentation.version)) },
          body: { party_id: party.party.id },
        }),
      );
      setUrl(`${location.origin}${answer.url_path}`);
      tell({ text: w.moved(names.of(card), w.stages.presented), detail: w.offer.shared(named), tone: "good" });
      void changes.refresh();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
    }
    setBusy(false);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    setCopied(true);
  };

  return (
    <Dialog title={url ? w.offer.shared(named) : w.offer.share} close={close} size={520}>
      {parties.isError ? (
        <Failed error={parties.error} again={() => void parties.refetch()} />
      ) : url ? (
        <div className={css.shared}>
          <p>{party?.party?.email ? w.offer.sharedLead : w.offer.noEmail}</p>
          <output className={css.link}>{url}</output>
          <div className={css.buttons}>
            <Button
              variant="default"
              leftSection={copied ? <Check size={14} /> : undefined}
              onClick={() => void copy()}
            >
              {copied ? w.offer.copied : w.offer.copy}
            </Button>
            <Button onClick={close}>{w.offer.done}</Button>
          </div>
        </div>
      ) : parties.data?.length === 0 ? (
        <p>{w.offer.noParty}</p>
      ) : (
        <form
          className={css.shared}
          onSubmit={(event) => {
            event.preventDefault();
            void share();
          }}
        >
          <fieldset className={css.people}>
            <legend>{w.offer.toWhom}</legend>
            {(parties.data ?? []).map(({ party: one }) =>
              one ? (
                <label key={one.id}>
                  <input
                    type="radio"
                    name="party"
                    checked={party?.party?.id === one.id}
                    onChange={() => setChosen(one.id)}
                  />
                  <span>
                    {one.first_name} {one.last_name}
                    <small>{one.email || w.offer.noEmail}</small>
                  </span>
                </label>
              ) : null,
            )}
          </fieldset>
          <div className={css.buttons}>
            <span className={css.ready}>{w.offer.draft}</span>
            <Button type="submit" loading={busy}>
              {w.offer.share}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
