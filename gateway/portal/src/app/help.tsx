import { Modal } from "@mantine/core";
import { t } from "../domain/i18n";
import { Close } from "../ui/icons";
import css from "./help.module.css";
import { keysNow, useSingleKeys } from "./keys";
import { w } from "./words";

/** Keys as caps: "g s" is one after the other, "Ctrl K" together. */
function Caps({ keys }: { keys: string }) {
  const caps = keys.split(" ");
  const after = caps.length > 1 && caps[0] === "g";
  return (
    <dt>
      {caps.map((cap, at) => (
        <span key={cap}>
          {at > 0 && after && <small>{w.keys.next}</small>}
          <kbd>{cap.length === 1 ? cap.toUpperCase() : cap}</kbd>
        </span>
      ))}
    </dt>
  );
}

/** The keys of the screen as it is, and the switch for those of a single character. */
export default function KeyHelp({ close }: { close: () => void }) {
  return (
    <Modal.Root opened onClose={close} size={720} yOffset="10vh" lockScroll={false} transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-labelledby="keys-title">
        <Modal.Body>
          <Keys close={close} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Keys({ close }: { close: () => void }) {
  const [single, setSingle] = useSingleKeys();
  return (
    <>
      <header className={css.header}>
        <h2 id="keys-title">{w.keys.title}</h2>
        <button type="button" aria-label={t.app.close} onClick={close} data-autofocus>
          <Close />
        </button>
      </header>
      <div className={css.groups}>
        {keysNow().map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(({ keys: caps, label }) => (
                <div key={caps}>
                  <Caps keys={caps} />
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className={css.single}>
        <input type="checkbox" checked={single} onChange={(event) => setSingle(event.currentTarget.checked)} />
        <span>
          <strong>{w.keys.single}</strong>
          <small>{w.keys.singleHint}</small>
        </span>
      </label>
    </>
  );
}
