import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, once } from "../../api/client";
import { useStaff } from "../../api/people";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { type Place, type Provider, usePlace } from "./data";
import { Card, Check, ChoiceField, Dialog, Head, TextField, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { PlaceChoice } from "./place-choice";
import { Shifts } from "./shifts";
import { common as w } from "./words/common";
import { providers as providersWords } from "./words/providers";

export function Page() {
  const { place, places, choose, error, again } = usePlace("shifts.manage");
  if (error) return <Failed error={error} again={again} />;
  if (!place) return null;
  return (
    <>
      <Head title={providersWords.title} lead={providersWords.lead}>
        <PlaceChoice place={place} places={places} choose={choose} />
      </Head>
      <Doctors key={place.id} place={place} places={places} />
    </>
  );
}

function Doctors({ place, places }: { place: Place; places: Place[] }) {
  const [editing, setEditing] = useState<Provider | "new">();
  const staff = useStaff();
  const key = ["settings", "providers", place.id];
  const providers = useQuery({
    queryKey: key,
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/providers", { params: { path: { location_id: place.id } } })).then(
        (found) => found.providers,
      ),
  });
  const people = new Map((staff.data ?? []).map((person) => [person.id, person]));
  const called = (id: string) => {
    const person = people.get(id);
    return providersWords.called(person ? `${person.first_name} ${person.last_name}` : "");
  };
  if (providers.isError) return <Failed error={providers.error} again={() => void providers.refetch()} />;
  const known = new Set(providers.data?.map((one) => one.id));
  const others = (staff.data ?? []).filter((person) => person.is_provider && person.active && !known.has(person.id));
  return (
    <>
      <Card
        title={providersWords.here(place.name)}
        aside={
          others.length > 0 && (
            <Button variant="default" leftSection={<Plus />} onClick={() => setEditing("new")}>
              {providersWords.add}
            </Button>
          )
        }
      >
        {providers.data?.length === 0 ? (
          <Empty title={providersWords.none} lead={providersWords.noneLead} />
        ) : (
          <table className={css.table}>
            <thead>
              <tr>
                <th>{providersWords.doctor}</th>
                <th data-number>{providersWords.capacity}</th>
                <th>{providersWords.places}</th>
                <th>{w.form.state}</th>
              </tr>
            </thead>
            <tbody>
              {providers.data?.map((one) => (
                <tr key={one.id} data-off={one.active ? undefined : ""}>
                  <td>
                    <button type="button" className={css.rowName} onClick={() => setEditing(one)}>
                      {called(one.id)}
                    </button>
                  </td>
                  <td data-number>{one.capacity}</td>
                  <td>
                    {one.location_ids
                      .map((id) => places.find((each) => each.id === id)?.name)
                      .filter(Boolean)
                      .join(", ")}
                  </td>
                  <td>
                    <span className={css.tag} data-tone={one.active ? "good" : undefined}>
                      {one.active ? w.form.active : w.form.inactive}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {providers.data && providers.data.length > 0 && (
        <Shifts place={place} places={places} doctors={providers.data.filter((one) => one.active)} called={called} />
      )}
      {editing && (
        <EditDoctor
          provider={editing === "new" ? undefined : editing}
          others={others.map((person) => ({ value: person.id, label: called(person.id) }))}
          place={place}
          places={places}
          called={called}
          onClose={() => setEditing(undefined)}
        />
      )}
    </>
  );
}

function EditDoctor(props: {
  provider: Provider | undefined;
  others: { value: string; label: string }[];
  place: Place;
  places: Place[];
  called: (id: string) => string;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const { provider, places } = props;
  const [id, setId] = useState(provider?.id ?? props.others[0]?.value ?? "");
  const [capacity, setCapacity] = useState(provider?.capacity ?? 2);
  const [active, setActive] = useState(provider?.active ?? true);
  const [where, setWhere] = useState<string[]>(provider?.location_ids ?? [props.place.id]);
  const { faults, busy, save } = useSave(() => undefined);
  const send = async () => {
    const params = { path: { provider_id: id }, header: once() };
    const body = { location_ids: where, capacity, inactive: !active, version: Number(provider?.version ?? 0) };
    const done = await save(
      () => data(api.PUT("/v1/providers/{provider_id}", { params, body })),
      providersWords.saved(props.called(id)),
    );
    await queries.invalidateQueries({ queryKey: ["settings", "providers"] });
    void queries.invalidateQueries({ queryKey: ["providers"] });
    if (done) props.onClose();
  };
  return (
    <Dialog title={provider ? props.called(provider.id) : providersWords.add} onClose={props.onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {!provider && <ChoiceField label={providersWords.doctor} value={id} options={props.others} onChoice={setId} />}
        <TextField
          label={providersWords.capacity}
          type="number"
          min={1}
          max={4}
          value={capacity}
          fault={faults.capacity ?? faults[""]}
          hint={providersWords.capacityHint(capacity)}
          onText={(text) => setCapacity(Math.max(1, Math.min(4, Number(text) || 1)))}
        />
        <fieldset className={own.checks}>
          <legend>{providersWords.places}</legend>
          {places.map((place) => (
            <Check
              key={place.id}
              label={place.name}
              checked={where.includes(place.id)}
              onCheck={(on) => setWhere(on ? [...where, place.id] : where.filter((one) => one !== place.id))}
            />
          ))}
        </fieldset>
        <Check label={providersWords.active} hint={providersWords.activeHint} checked={active} onCheck={setActive} />
        <div className={css.actions}>
          <Button type="submit" loading={busy} disabled={!where.length}>
            {w.form.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
