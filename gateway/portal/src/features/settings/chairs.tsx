import { ActionIcon, Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, ifMatch, once } from "../../api/client";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { CHAIR_KINDS, type Chair, type ChairKind, chairsKey, useChairs, usePlace } from "./data";
import { Card, Check, ChoiceField, Dialog, faultsOf, Head, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { PlaceChoice } from "./place-choice";
import { chairs as chairsWords } from "./words/chairs";
import { common as w } from "./words/common";

export function Page() {
  const { place, places, choose, error, again } = usePlace("schedules.manage");
  if (error) return <Failed error={error} again={again} />;
  if (!place) return null;
  return (
    <>
      <Head title={chairsWords.title} lead={chairsWords.lead}>
        <PlaceChoice place={place} places={places} choose={choose} />
      </Head>
      <Chairs key={place.id} location={place.id} />
    </>
  );
}

const patch = (chair: Chair, change: Partial<Pick<Chair, "name" | "kind" | "position" | "active">>, version?: number) =>
  data(
    api.PATCH("/v1/chairs/{chair_id}", {
      params: { path: { chair_id: chair.id }, header: ifMatch(version ?? chair.version) },
      body: { name: chair.name, kind: chair.kind, position: chair.position, active: chair.active, ...change },
    }),
  );

function Chairs({ location }: { location: string }) {
  const queries = useQueryClient();
  const chairs = useChairs(location);
  const [editing, setEditing] = useState<Chair | "new">();
  const again = () => queries.invalidateQueries({ queryKey: chairsKey(location) });
  const move = async (from: number, to: number) => {
    const list = [...(chairs.data ?? [])];
    const [moved] = list.splice(from, 1);
    if (!moved || to < 0 || to > list.length) return;
    list.splice(to, 0, moved);
    const placed = list.map((chair, position) => ({ ...chair, position }));
    queries.setQueryData(chairsKey(location), placed);
    try {
      for (const chair of placed) {
        const before = chairs.data?.find((one) => one.id === chair.id);
        if (before && before.position !== chair.position) await patch(before, { position: chair.position });
      }
      tell({ text: chairsWords.moved(moved.name, to + 1), tone: "good" });
    } catch (error) {
      tell({ text: chairsWords.notMoved(moved.name), detail: Object.values(faultsOf(error))[0], tone: "bad" });
    }
    await again();
    void queries.invalidateQueries({ queryKey: ["day", location] });
  };
  if (chairs.isError) return <Failed error={chairs.error} again={() => void chairs.refetch()} />;
  return (
    <Card
      title={chairsWords.order}
      lead={chairsWords.orderLead}
      aside={
        <Button leftSection={<Plus />} onClick={() => setEditing("new")}>
          {chairsWords.add}
        </Button>
      }
    >
      {chairs.data?.length === 0 && <Empty title={chairsWords.none} />}
      <table className={css.table}>
        <thead>
          <tr>
            <th>{chairsWords.fields.name}</th>
            <th>{chairsWords.fields.kind}</th>
            <th>{w.form.state}</th>
            <th data-number>{chairsWords.position}</th>
          </tr>
        </thead>
        <tbody>
          {chairs.data?.map((chair, index) => (
            <tr key={chair.id} data-off={chair.active ? undefined : ""}>
              <td>
                <button type="button" className={css.rowName} onClick={() => setEditing(chair)}>
                  {chair.name}
                </button>
              </td>
              <td>{chairsWords.kinds[chair.kind]}</td>
              <td>
                <span className={css.tag} data-tone={chair.active ? "good" : undefined}>
                  {chair.active ? w.form.active : w.form.inactive}
                </span>
              </td>
              <td data-number>
                <ActionIcon
                  variant="default"
                  disabled={index === 0}
                  aria-label={chairsWords.up(chair.name)}
                  onClick={() => void move(index, index - 1)}
                >
                  ↑
                </ActionIcon>{" "}
                <ActionIcon
                  variant="default"
                  disabled={index === (chairs.data?.length ?? 0) - 1}
                  aria-label={chairsWords.down(chair.name)}
                  onClick={() => void move(index, index + 1)}
                >
                  ↓
                </ActionIcon>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {editing === "new" && (
        <NewChair location={location} position={chairs.data?.length ?? 0} onClose={() => setEditing(undefined)} />
      )}
      {editing && editing !== "new" && (
        <EditChair
          chair={chairs.data?.find((one) => one.id === editing.id) ?? editing}
          again={again}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Card>
  );
}

const kinds = CHAIR_KINDS.map((kind) => ({ value: kind, label: chairsWords.kinds[kind] }));

function NewChair({ location, position, onClose }: { location: string; position: number; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<ChairKind>("chair");
  const { faults, busy, save } = useSave(() => undefined);
  const send = async () => {
    const params = { path: { location_id: location }, header: once() };
    const body = { name: name.trim(), kind, position };
    const done = await save(
      () => data(api.POST("/v1/locations/{location_id}/chairs", { params, body })),
      chairsWords.saved(name),
    );
    await queries.invalidateQueries({ queryKey: chairsKey(location) });
    if (done) onClose();
  };
  return (
    <Dialog title={chairsWords.add} onClose={onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <TextField
          label={chairsWords.fields.name}
          value={name}
          required
          maxLength={40}
          data-autofocus
          fault={faults.name ?? faults[""]}
          onText={setName}
        />
        <ChoiceField
          label={chairsWords.fields.kind}
          value={kind}
          options={kinds}
          onChoice={(value) => setKind(value as ChairKind)}
        />
        <div className={css.actions}>
          <Button type="submit" loading={busy}>
            {chairsWords.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function EditChair({ chair, again, onClose }: { chair: Chair; again: () => unknown; onClose: () => void }) {
  const editor = useEditor({ name: chair.name, kind: chair.kind, active: chair.active }, Number(chair.version));
  const { faults, busy, save } = useSave(again);
  const { draft, set } = editor;
  const send = async () => {
    const done = await save(() => patch(chair, draft, editor.version), chairsWords.saved(draft.name));
    if (!done) return;
    await again();
    onClose();
  };
  return (
    <Dialog title={chair.name} onClose={onClose}>
      <div className={own.form}>
        <TextField
          label={chairsWords.fields.name}
          value={draft.name}
          maxLength={40}
          data-autofocus
          fault={faults.name}
          onText={(name) => set({ name })}
        />
        <ChoiceField
          label={chairsWords.fields.kind}
          value={draft.kind}
          options={kinds}
          onChoice={(kind) => set({ kind: kind as ChairKind })}
        />
        <Check
          label={chairsWords.fields.active}
          hint={chairsWords.activeHint}
          checked={draft.active}
          onCheck={(active) => set({ active })}
        />
        <SaveBar
          quiet
          editor={editor}
          labels={chairsWords.fields}
          busy={busy}
          fault={faults[""]}
          onSave={() => void send()}
        />
      </div>
    </Dialog>
  );
}
