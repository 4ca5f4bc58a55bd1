import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import { api, data, type Patient } from "../api/client";
import { formatShortDay, t } from "../domain/i18n";
import { addDays, wall } from "../domain/time";
import { Building, Calendar, ListCheck, Lock, Moon, Person, Plus, Search } from "../ui/icons";
import css from "./commands.module.css";
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

/** Asks for a new visit from anywhere; the schedule listens. */
export const NEW_VISIT = "archwire:new-visit";
export const askForVisit = (patient?: Patient): void => {
  window.dispatchEvent(new CustomEvent<Patient | undefined>(NEW_VISIT, { detail: patient }));
};

/** Patients by name, phone or chart number. */
export function usePatients(query: string, enabled: boolean) {
  const [text] = useDebouncedValue(query.trim(), 150);
  return useQuery({
    queryKey: ["search", text],
    queryFn: ({ signal }) =>
      data(api.POST("/v1/patients/search", { body: { query: text, page_size: 8 }, signal })).then(
        (found) => found.patients,
      ),
    enabled: enabled && text.length >= 2,
    placeholderData: (before) => (text.length >= 2 ? before : undefined),
    gcTime: 60_000,
  });
}

/** The menu behind Ctrl K: find a patient, go somewhere, do something. */
export function CommandMenu(props: {
  opened: boolean;
  close: () => void;
  toggleScheme: () => void;
  togglePrivacy: () => void;
}) {
  return (
    <Modal.Root
      opened={props.opened}
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
}: {
  close: () => void;
  toggleScheme: () => void;
  togglePrivacy: () => void;
}) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { may, lock } = useSession();
  const { places, here } = usePlaces();
  const goToPlace = useGoToPlace();
  const navigate = useNavigate();
  const list = useId();
  const patients = usePatients(text, may("patients.read"));

  const openPatient = (patient: Patient) =>
    void navigate({ to: "/p/$id/$tab", params: { id: patient.id, tab: "summary" } });

  const today = here ? wall(new Date(), here.time_zone).day : "";
  const actions: Command[] = [];
  if (may("appointments.book")) {
    const run = async () => {
      await navigate({ to: "/schedule" });
      setTimeout(askForVisit, 50);
    };
    actions.push({ id: "new", icon: <Plus />, label: w.newVisit, detail: "N", run });
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
  if (may("tasks.read")) {
    actions.push({ id: "myday", icon: <ListCheck />, label: t.nav.myDay, run: () => void navigate({ to: "/my-day" }) });
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
  actions.push({ id: "privacy", icon: <Person />, label: t.app.privacy, run: togglePrivacy });
  actions.push({ id: "lock", icon: <Lock />, label: t.app.lock, run: () => void lock() });

  const words = text.trim().toLowerCase();
  const matching = actions.filter((action) => action.label.toLowerCase().includes(words));
  const found: Command[] = (words.length >= 2 ? (patients.data ?? []) : []).map((patient) => ({
    id: patient.id,
    icon: <Person />,
    label: `${patient.first_name} ${patient.last_name}`,
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
          <div role="group" aria-label={w.patients}>
            <div className={css.heading} aria-hidden="true">
              {w.patients}
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
