import { Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import type { Patient } from "../api/client";
import { usePatientName } from "../api/people";
import { formatShortDay, t } from "../domain/i18n";
import { addDays, wall } from "../domain/time";
import { sectionNames } from "../features/settings/names";
import { sections } from "../features/settings/sections";
import { Building, Calendar, Funnel, Keyboard, Lock, Moon, Person, Plus, Search, Sliders } from "../ui/icons";
import css from "./commands.module.css";
import { NAV, opens } from "./nav";
import { askForLead, askForVisit, usePatients } from "./patients";
import { useGoToPlace, usePlaces } from "./places";
import { useSession } from "./session";
import { w } from "./words";

interface Command {
  id: string;
  icon: ReactNode;
  label: string;
  detail?: string;
  run: () => void;
}

/** Who was opened from here, the latest first. Only in the memory of this page. */
let recent: Patient[] = [];

/** The menu behind Ctrl K: find a patient, go somewhere, do something. */
export default function CommandMenu(props: {
  close: () => void;
  toggleScheme: () => void;
  togglePrivacy: () => void;
  showKeys: () => void;
}) {
  return (
    <Modal.Root
      opened
      onClose={props.close}
      padding={0}
      size={580}
      yOffset="12vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={w.label}>
        <Modal.Body>
          <Commands {...props} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Commands({
  close,
  toggleScheme,
  togglePrivacy,
  showKeys,
}: {
  close: () => void;
  toggleScheme: () => void;
  togglePrivacy: () => void;
  showKeys: () => void;
}) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { may, lock } = useSession();
  const { places, here } = usePlaces();
  const goToPlace = useGoToPlace();
  const navigate = useNavigate();
  const list = useId();
  const called = usePatientName();
  const patients = usePatients(text, may("patients.read"));

  const openPatient = (patient: Patient) => {
    recent = [patient, ...recent.filter((one) => one.id !== patient.id)].slice(0, 6);
    void navigate({ to: "/p/$id/$tab", params: { id: patient.id, tab: "summary" } });
  };

  const today = here ? wall(new Date(), here.time_zone).day : "";
  const actions: Command[] = [];
  if (may("appointments.book")) {
    const run = async () => {
      await navigate({ to: "/schedule" });
      setTimeout(askForVisit, 50);
    };
    actions.push({ id: "new", icon: <Plus />, label: w.newVisit, detail: "N", run });
  }
  if (may("leads.create")) {
    const run = async () => {
      await navigate({ to: "/pipeline" });
      setTimeout(askForLead, 120);
    };
    actions.push({ id: "lead", icon: <Funnel />, label: w.newLead, run });
  }
  if (today && may("appointments.read")) {
    for (const [id, day] of [
      ["today", today],
      ["tomorrow", addDays(today, 1)],
      ["week", addDays(today, 7)],
    ] as const) {
      const run = () => void navigate({ to: "/schedule", search: (was) => ({ loc: was.loc, date: day }) });
      actions.push({ id, icon: <Calendar />, label: w.toDay(formatShortDay(day)), run });
    }
  }
  for (const { to, label, icon: Icon, letter } of NAV.flatMap(({ items }) => items).filter((item) =>
    opens(item, may),
  )) {
    const detail = `G ${letter.toUpperCase()}`;
    actions.push({
      id: String(to),
      icon: <Icon />,
      label: w.goScreen(label),
      detail,
      run: () => void navigate({ to }),
    });
  }
  for (const { name } of sections(may)) {
    const label = `${t.nav.settings}: ${sectionNames[name]}`;
    const run = () => void navigate({ to: "/settings/$section", params: { section: name } });
    actions.push({ id: `settings ${name}`, icon: <Sliders />, label, run });
  }
  for (const place of places.filter((place) => place.id !== here?.id)) {
    actions.push({
      id: place.id,
      icon: <Building />,
      label: w.goTo(place.name),
      run: () => goToPlace(place.id),
    });
  }
  actions.push({ id: "theme", icon: <Moon />, label: `${t.app.light} / ${t.app.dark}`, run: toggleScheme });
  actions.push({ id: "privacy", icon: <Person />, label: t.app.privacy, detail: "H", run: togglePrivacy });
  actions.push({ id: "keys", icon: <Keyboard />, label: w.keys.title, detail: "?", run: showKeys });
  actions.push({ id: "lock", icon: <Lock />, label: t.app.lock, detail: "Ctrl Shift L", run: () => void lock() });

  const words = text.trim().toLowerCase();
  const matching = actions.filter((action) => action.label.toLowerCase().includes(words));
  const found: Command[] = (words.length >= 2 ? (patients.data ?? []) : recent).map((patient) => ({
    id: patient.id,
    icon: <Person />,
    label: called(patient),
    detail: `${t.people.years(patient.age_years)} · ${t.people.chart(patient.chart_number)}`,
    run: () => openPatient(patient),
  }));
  const all = [...found, ...matching];
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new text starts at the top
  useEffect(() => setAt(0), [text, found.length]);

  const choose = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && all.length) {
      event.preventDefault();
      setAt((at + step + all.length) % all.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(all[at]);
    }
  };
  const row = (command: Command, index: number) => (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the text field, which keeps the focus
    <div
      key={command.id}
      id={`${list}-${index}`}
      role="option"
      tabIndex={-1}
      aria-selected={index === at}
      className={css.row}
      onPointerMove={() => setAt(index)}
      onClick={() => choose(command)}
    >
      <span className={css.icon}>{command.icon}</span>
      <span className={css.label}>{command.label}</span>
      {command.detail && <span className={css.detail}>{command.detail}</span>}
    </div>
  );
  return (
    <>
      <div className={css.field}>
        <Search size={18} />
        <input
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKey}
          placeholder={w.placeholder}
          aria-label={w.label}
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={all.length ? `${list}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={list} role="listbox" aria-label={w.label} className={css.list}>
        {found.length > 0 && (
          <div role="group" aria-label={words.length >= 2 ? w.patients : w.recent}>
            <div className={css.heading} aria-hidden="true">
              {words.length >= 2 ? w.patients : w.recent}
            </div>
            {found.map(row)}
          </div>
        )}
        {matching.length > 0 && (
          <div role="group" aria-label={w.actions}>
            <div className={css.heading} aria-hidden="true">
              {w.actions}
            </div>
            {matching.map((command, index) => row(command, index + found.length))}
          </div>
        )}
      </div>
      <p className={css.told} role="status">
        {patients.isFetching && words.length >= 2
          ? w.searching
          : patients.isError
            ? w.failed
            : all.length === 0
              ? t.people.none
              : ""}
      </p>
    </>
  );
}
