import { Button } from "@mantine/core";
import { useState } from "react";
import { api, data, ifMatch } from "../../api/client";
import { Dialog } from "../../ui/dialog";
import { tell } from "../../ui/undo";
import { type Card, idOf, refusal } from "./data";
import type { StepProps } from "./step";
import css from "./steps.module.css";
import { w } from "./words";

const WHY_CASE = [
  "cost",
  "insurance",
  "partner",
  "second_opinion",
  "timing",
  "fear",
  "other_practice",
  "unreachable",
  "other",
] as const;
const WHY_LEAD = [
  "unreachable",
  "other_practice",
  "cost",
  "insurance",
  "distance",
  "timing",
  "duplicate",
  "spam",
  "other",
] as const;

/** Takes a card off the board, with the reason why nothing started. */
export default function End({ card, names, changes, close, openCard }: StepProps & { card: Card }) {
  const [why, setWhy] = useState<string>(card.reason_not_started ?? "");
  const [busy, setBusy] = useState(false);
  const name = names.of(card);
  const end = async () => {
    setBusy(true);
    try {
      let undo: (() => void) | undefined;
      if (card.case_id) {
        const path = { case_id: card.case_id };
        const { case: now } = await data(
          api.POST("/v1/cases/{case_id}/close", {
            params: { path, header: ifMatch(card.version) },
            body: { outcome: "inactive", reason_not_started: why as (typeof WHY_CASE)[number] },
          }),
        );
        undo = () =>
          void data(
            api.POST("/v1/cases/{case_id}/reactivate", {
              params: { path, header: ifMatch(Number(now?.version)) },
              body: { owner_id: card.owner_id },
            }),
          ).then(
            () => {
              tell({ text: w.ending.reopened(name) });
              void changes.refresh();
              openCard(idOf(card));
            },
            (error) => tell({ text: w.notBack, detail: refusal(error), tone: "bad" }),
          );
      } else {
        await data(
          api.POST("/v1/leads/{lead_id}/close", {
            params: { path: { lead_id: card.lead_id }, header: ifMatch(card.version) },
            body: { reason: why as (typeof WHY_LEAD)[number] },
          }),
        );
      }
      tell({ text: w.ending.closed(name), tone: "good", undo });
      void changes.refresh();
      close();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
      setBusy(false);
    }
  };
  return (
    <Dialog title={w.ending.title(name)} close={close} size={460}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (why) void end();
        }}
      >
        <p className={css.lead}>{w.ending.lead}</p>
        <fieldset className={css.choices}>
          <legend>{w.ending.why}</legend>
          {(card.case_id ? WHY_CASE : WHY_LEAD).map((reason) => (
            <label key={reason}>
              <input type="radio" name="why" checked={why === reason} onChange={() => setWhy(reason)} />
              {w.reasons[reason]}
            </label>
          ))}
        </fieldset>
        <div className={css.buttons}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" color="red" disabled={!why} loading={busy}>
            {w.ending.close}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
