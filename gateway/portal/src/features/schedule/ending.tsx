import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { t } from "../../domain/i18n";
import type { Reason } from "./changes";
import css from "./ending.module.css";
import { w } from "./words";

const SHAPE = {
  yOffset: "16vh",
  lockScroll: false,
  transitionProps: { duration: 0 },
  closeButtonProps: { "aria-label": t.app.close },
} as const;

/** Asks why a visit is canceled. */
export function Canceling(props: {
  opened: boolean;
  name: string;
  close: () => void;
  cancel: (reason: Reason) => void;
}) {
  const { opened, name, close } = props;
  const [reason, setReason] = useState<Reason>("patient");
  return (
    <Modal opened={opened} onClose={close} title={w.cancel.title(name)} size={420} {...SHAPE}>
      <p className={css.lead}>{w.cancel.lead}</p>
      <fieldset className={css.reasons}>
        <legend>{w.cancel.why}</legend>
        {(Object.keys(w.cancel.reasons) as Reason[]).map((key) => (
          <label key={key}>
            <input type="radio" name="reason" checked={reason === key} onChange={() => setReason(key)} />
            {w.cancel.reasons[key]}
          </label>
        ))}
      </fieldset>
      <div className={css.buttons}>
        <Button variant="default" onClick={close}>
          {w.cancel.keep}
        </Button>
        <Button className={css.go} onClick={() => props.cancel(reason)}>
          {w.cancel.go}
        </Button>
      </div>
    </Modal>
  );
}

/** What one confirms to need a doctor in two places. */
export interface Overlap {
  name: string;
  doctor: string;
  time: string;
  go: () => void;
}

/** Asks once before a doctor is double-booked on purpose. */
export function AcceptOverlap({ overlap, close }: { overlap: Overlap | undefined; close: () => void }) {
  return (
    <Modal
      opened={overlap !== undefined}
      onClose={close}
      title={overlap && w.clash.title(overlap.doctor, overlap.time)}
      size={440}
      {...SHAPE}
    >
      <p className={css.lead}>
        {overlap && w.clash.lead(overlap.name)} {w.clash.kept}
      </p>
      <div className={css.buttons}>
        <Button variant="default" onClick={close}>
          {w.clash.back}
        </Button>
        <Button
          className={css.go}
          data-autofocus
          onClick={() => {
            close();
            overlap?.go();
          }}
        >
          {w.clash.go}
        </Button>
      </div>
    </Modal>
  );
}
