import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { t } from "../../domain/i18n";
import css from "./ending.module.css";

export type Reason = keyof typeof t.cancel.reasons;

/** Asks before what cannot be taken back: canceling, and marking as missed. */
export function Ending(props: {
  what: "cancel" | "no-show" | undefined;
  name: string;
  close: () => void;
  cancel: (reason: Reason) => void;
  noShow: () => void;
}) {
  const { what, name, close } = props;
  const [reason, setReason] = useState<Reason>("patient");
  const canceling = what === "cancel";
  return (
    <Modal
      opened={what !== undefined}
      onClose={close}
      title={canceling ? t.cancel.title(name) : t.cancel.noShowTitle(name)}
      size={420}
      yOffset="16vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
    >
      <p className={css.lead}>{canceling ? t.cancel.lead : t.cancel.noShowLead}</p>
      {canceling && (
        <fieldset className={css.reasons}>
          <legend>{t.cancel.why}</legend>
          {(Object.keys(t.cancel.reasons) as Reason[]).map((key) => (
            <label key={key}>
              <input type="radio" name="reason" checked={reason === key} onChange={() => setReason(key)} />
              {t.cancel.reasons[key]}
            </label>
          ))}
        </fieldset>
      )}
      <div className={css.buttons}>
        <Button variant="default" onClick={close}>
          {t.cancel.keep}
        </Button>
        <Button className={css.go} onClick={() => (canceling ? props.cancel(reason) : props.noShow())}>
          {canceling ? t.cancel.go : t.cancel.noShowGo}
        </Button>
      </div>
    </Modal>
  );
}
