import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, data, ifMatch, once } from "../../api/client";
import { useSession } from "../../app/session";
import { formatFullDay, formatShortDay } from "../../domain/i18n";
import { e164, phone } from "../../domain/phone";
import { addDays, wall } from "../../domain/time";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { type Place, useAllPlaces, usePlace } from "./data";
import { Card, Check, ChoiceField, Dialog, Head, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import { HoursTab } from "./hours";
import own from "./locations.module.css";
import { closures as closuresWords } from "./words/closures";
import { common as w } from "./words/common";
import { locations as locationsWords } from "./words/locations";

const TABS = ["about", "hours", "closures"] as const;
const ZONES = [
  "America/New_York",
  "America/Detroit",
  "America/Chicago",
  "America/Denver",
  "America/Phoenix",
  "America/Los_Angeles",
  "America/Anchorage",
  "Pacific/Honolulu",
  "America/Puerto_Rico",
];

export function Page() {
  const { may } = useSession();
  const { place, places, error, again } = usePlace("locations.update");
  const { tab = "about" } = useSearch({ strict: false }) as { tab?: (typeof TABS)[number] };
  const [adding, setAdding] = useState(false);
  if (error) return <Failed error={error} again={again} />;
  return (
    <>
      <Head title={locationsWords.title} lead={locationsWords.lead}>
        {may("locations.create") && (
          <Button leftSection={<Plus />} onClick={() => setAdding(true)}>
            {locationsWords.add}
          </Button>
        )}
      </Head>
      {place && (
        <div className={css.split}>
          <nav className={css.list} aria-label={locationsWords.title}>
            <ul>
              {places.map((one) => (
                <li key={one.id}>
                  <Link
                    to="/settings/$section"
                    params={{ section: "locations" }}
                    search={{ loc: one.id, tab }}
                    aria-current={one.id === place.id ? "true" : undefined}
                    data-off={one.active ? undefined : ""}
                  >
                    <span className={css.grow}>
                      {one.name}
                      <small>{one.active ? one.address?.city || one.time_zone : locationsWords.closed}</small>
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div>
            <nav className={own.tabs} aria-label={place.name}>
              {TABS.map((one) => (
                <Link
                  key={one}
                  to="/settings/$section"
                  params={{ section: "locations" }}
                  search={{ loc: place.id, tab: one }}
                  aria-current={one === tab ? "page" : undefined}
                >
                  {locationsWords.tabs[one]}
                </Link>
              ))}
            </nav>
            {tab === "hours" ? (
              <HoursTab key={place.id} place={place} />
            ) : tab === "closures" ? (
              <Closures key={place.id} place={place} />
            ) : (
              <About key={place.id} place={place} />
            )}
          </div>
        </div>
      )}
      {adding && <NewLocation onClose={() => setAdding(false)} />}
    </>
  );
}

const zoneOptions = (now: string) =>
  [...new Set([...ZONES, now].filter(Boolean))].map((zone) => ({
    value: zone,
    label: zone.replace(/_/g, " ").replace("/", " · "),
  }));

const values = (place: Place) => ({
  name: place.name,
  time_zone: place.time_zone,
  line: place.address?.lines[0] ?? "",
  line2: place.address?.lines[1] ?? "",
  city: place.address?.city ?? "",
  state: place.address?.state ?? "",
  postal_code: (place.address?.postal_code ?? "").replace(/^(\d{5})(\d{4})$/, "$1-$2"),
  phone: phone(place.phone),
  email: place.email,
  npi: place.npi,
  active: place.active,
});

function About({ place }: { place: Place }) {
  const queries = useQueryClient();
  const all = useAllPlaces();
  const editor = useEditor(values(place), Number(place.version));
  const { faults, busy, save } = useSave(() => all.refetch());
  const { draft, set } = editor;
  const send = () =>
    save(async () => {
      const { line, line2, city, state, postal_code, ...rest } = draft;
      await data(
        api.PATCH("/v1/locations/{location_id}", {
          params: { path: { location_id: place.id }, header: ifMatch(editor.version) },
          body: {
            ...rest,
            phone: e164(rest.phone) ?? rest.phone,
            region_id: place.region_id,
            legal_entity_id: place.legal_entity_id,
            place_of_service: place.place_of_service,
            address: {
              lines: [line, line2].map((text) => text.trim()).filter(Boolean),
              city,
              state: state.toUpperCase(),
              postal_code: postal_code.replace(/\D/g, ""),
            },
          },
        }),
      );
      await queries.invalidateQueries({ queryKey: ["settings", "locations"] });
      void queries.invalidateQueries({ queryKey: ["locations"] });
    }, locationsWords.savedAs(draft.name));
  const f = locationsWords.fields;
  return (
    <>
      <Card>
        <div className={css.grid}>
          <TextField
            label={f.name}
            value={draft.name}
            required
            maxLength={100}
            fault={faults.name}
            onText={(name) => set({ name })}
          />
          <ChoiceField
            label={f.time_zone}
            value={draft.time_zone}
            fault={faults.time_zone}
            hint={locationsWords.zoneHint}
            options={zoneOptions(draft.time_zone)}
            onChoice={(time_zone) => set({ time_zone })}
          />
          <TextField
            label={f.line}
            value={draft.line}
            maxLength={100}
            fault={faults.address}
            onText={(line) => set({ line })}
          />
          <TextField label={f.line2} value={draft.line2} maxLength={100} onText={(line2) => set({ line2 })} />
          <TextField label={f.city} value={draft.city} maxLength={60} onText={(city) => set({ city })} />
          <TextField
            label={f.state}
            value={draft.state}
            maxLength={2}
            hint={locationsWords.stateHint}
            onText={(state) => set({ state })}
          />
          <TextField
            label={f.postal_code}
            value={draft.postal_code}
            maxLength={10}
            inputMode="numeric"
            onText={(postal_code) => set({ postal_code })}
          />
          <TextField
            label={f.phone}
            value={draft.phone}
            type="tel"
            maxLength={20}
            fault={faults.phone}
            onText={(phone) => set({ phone })}
          />
          <TextField
            label={f.email}
            value={draft.email}
            type="email"
            maxLength={254}
            fault={faults.email}
            onText={(email) => set({ email })}
          />
          <TextField
            label={f.npi}
            value={draft.npi}
            maxLength={10}
            inputMode="numeric"
            fault={faults.npi}
            hint={locationsWords.npiHint}
            onText={(npi) => set({ npi })}
          />
        </div>
        <div className={own.active}>
          <Check
            label={f.active}
            hint={locationsWords.activeHint}
            checked={draft.active}
            onCheck={(active) => set({ active })}
          />
        </div>
      </Card>
      <SaveBar editor={editor} labels={f} busy={busy} fault={faults[""]} onSave={() => void send()} />
    </>
  );
}

function NewLocation({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const { faults, busy, save } = useSave(() => undefined);
  const send = async () => {
    const done = await save(async () => {
      await data(
        api.POST("/v1/locations", { params: { header: once() }, body: { name: name.trim(), time_zone: zone } }),
      );
      await queries.invalidateQueries({ queryKey: ["settings", "locations"] });
      void queries.invalidateQueries({ queryKey: ["locations"] });
    }, locationsWords.savedAs(name));
    if (done) onClose();
  };
  return (
    <Dialog title={locationsWords.add} onClose={onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <TextField
          label={locationsWords.fields.name}
          value={name}
          required
          data-autofocus
          fault={faults.name ?? faults[""]}
          onText={setName}
        />
        <ChoiceField
          label={locationsWords.fields.time_zone}
          value={zone}
          fault={faults.time_zone}
          options={zoneOptions(zone)}
          onChoice={setZone}
        />
        <div className={css.actions}>
          <Button variant="default" onClick={onClose}>
            {w.form.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {locationsWords.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Days on which a location is closed: holidays, weather, training. */
function Closures({ place }: { place: Place }) {
  const queries = useQueryClient();
  const today = wall(new Date(), place.time_zone).day;
  const key = ["settings", "closures", place.id];
  const closures = useQuery({
    queryKey: key,
    queryFn: () =>
      data(
        api.GET("/v1/locations/{location_id}/closures", {
          params: { path: { location_id: place.id }, query: { first_day: today, last_day: addDays(today, 400) } },
        }),
      ).then((found) => found.closures),
  });
  const [day, setDay] = useState("");
  const [reason, setReason] = useState("");
  const { faults, busy, save } = useSave(() => undefined);
  const again = () => {
    void queries.invalidateQueries({ queryKey: key });
    void queries.invalidateQueries({ queryKey: ["day", place.id] });
  };
  const close = async (on: string, why: string) => {
    const added = await save(async () => {
      const made = await data(
        api.POST("/v1/locations/{location_id}/closures", {
          params: { path: { location_id: place.id }, header: once() },
          body: { day: on, reason: why },
        }),
      );
      const visits = made.affected_appointment_ids.length;
      tell({
        text: closuresWords.added(formatShortDay(on)),
        detail: visits ? closuresWords.affected(visits) : undefined,
        tone: visits ? "warn" : "good",
        undo: () => void open(made.closure?.id ?? "", on, why, false),
      });
    }, "");
    again();
    if (added) {
      setDay("");
      setReason("");
    }
  };
  const open = async (id: string, on: string, why: string, undoable = true) => {
    await data(api.DELETE("/v1/closures/{closure_id}", { params: { path: { closure_id: id }, header: once() } })).then(
      () =>
        tell({
          text: closuresWords.removed(formatShortDay(on)),
          tone: "good",
          undo: undoable ? () => void close(on, why) : undefined,
        }),
      () => tell({ text: closuresWords.notRemoved, tone: "bad" }),
    );
    again();
  };
  if (closures.isError) return <Failed error={closures.error} again={() => void closures.refetch()} />;
  return (
    <>
      <Card title={closuresWords.title} lead={closuresWords.lead}>
        <form
          className={own.closing}
          onSubmit={(event) => {
            event.preventDefault();
            void close(day, reason.trim());
          }}
        >
          <TextField
            label={closuresWords.day}
            type="date"
            value={day}
            min={today}
            required
            fault={faults.day}
            onText={setDay}
          />
          <TextField
            label={closuresWords.reason}
            value={reason}
            required
            maxLength={100}
            fault={faults.reason ?? faults[""]}
            placeholder={closuresWords.example}
            onText={setReason}
          />
          <Button type="submit" loading={busy}>
            {closuresWords.close}
          </Button>
        </form>
      </Card>
      <Card>
        {closures.data?.length ? (
          <table className={css.table}>
            <thead>
              <tr>
                <th>{closuresWords.day}</th>
                <th>{closuresWords.reason}</th>
                <th>
                  <span className="hidden-text">{w.form.actions}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {closures.data.map((closure) => (
                <tr key={closure.id}>
                  <td>{formatFullDay(closure.day)}</td>
                  <td>{closure.reason}</td>
                  <td data-number>
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={closuresWords.openDay(formatFullDay(closure.day))}
                      onClick={() => void open(closure.id, closure.day, closure.reason)}
                    >
                      {closuresWords.open}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <Empty title={closuresWords.none} lead={closuresWords.noneLead} />
        )}
      </Card>
    </>
  );
}
