import { Button, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, ifMatch, type Location, once, type Schemas, type Task } from "../../api/client";
import { usePeople, useStaff } from "../../api/people";
import { refusal } from "../../api/refusal";
import { useKeys } from "../../app/keys";
import { useSession } from "../../app/session";
import { formatDollars, formatShortDay, t } from "../../domain/i18n";
import { addDays, moment } from "../../domain/time";
import { Check, Clock, More, Plus } from "../../ui/icons";
import { tell } from "../../ui/undo";
import { Card, Name, type Somebody } from "./card";
import { MY_DAY, todayAt, useList } from "./data";
import { Dialog } from "./dialog";
import css from "./tasks.module.css";
import { w } from "./words";

const MORNING = 7 * 60; // a task that was put away comes back before the day begins
const SHOWN = 12;
type Change = (version: number) => Promise<{ task: Task | null }>;

const named = (person: Schemas["directory.Staff"] | undefined) =>
  person ? `${person.first_name} ${person.last_name}` : "";
const daysLate = (task: Task, today: string) =>
  Math.round((Date.parse(today) - Date.parse(task.due_on || today)) / 86_400_000);

/** What has to be done, in the order of the server: value times age. */
export function Tasks({ place, here }: { place: Location | undefined; here: Location }) {
  const { session, may } = useSession();
  const queries = useQueryClient();
  const [whose, setWhose] = useState<"mine" | "all">("mine");
  const [long, setLong] = useState(false);
  const [fresh, setFresh] = useState(false);
  const [later, setLater] = useState<Task>();
  const today = todayAt(here);
  const name = ["tasks", place?.id, whose];
  const tasks = useList(
    "coordination",
    name,
    () => {
      const mine = whose === "mine" ? { owner_id: session.user_id } : {};
      const query = { page_size: 200, ...(place ? { location_id: place.id } : {}), ...mine };
      return data(api.GET("/v1/tasks", { params: { query } })).then((found) => found.tasks);
    },
    true,
  );
  const list = tasks.data ?? [];
  const { find } = usePeople(list.map((task) => task.patient_id).filter(Boolean));
  const staff = useStaff();
  const owner = (id: string) => named(staff.data?.find((person) => person.id === id));

  /** Changes a task at once on the screen, then at the server; `back` takes it back. */
  const change = async (
    task: Task,
    after: Task | undefined,
    send: Change,
    text: string,
    back?: Change,
    done?: string,
  ) => {
    const key = [MY_DAY, "coordination", ...name];
    const refresh = () => queries.invalidateQueries({ queryKey: [MY_DAY, "coordination", "tasks"] });
    await queries.cancelQueries({ queryKey: key });
    const before = queries.getQueryData<Task[]>(key);
    queries.setQueryData<Task[]>(key, (all) =>
      all?.flatMap((one) => (one.id === task.id ? (after ? [after] : []) : [one])),
    );
    try {
      const version = (await send(task.version)).task?.version ?? task.version;
      const undo = async () => {
        await back?.(version).then(
          () => tell({ text: done ?? w.tasks.reopened(task.title) }),
          (error) => tell({ text: t.refused, detail: refusal(error), tone: "bad" }),
        );
        void refresh();
      };
      tell({ text, tone: "good", undo: back && (() => void undo()) });
    } catch (error) {
      queries.setQueryData(key, before);
      tell({ text: t.errors.safe, detail: refusal(error), tone: "bad" });
    }
    void refresh();
  };
  const at = (task: Task, version: number) => ({
    params: { path: { task_id: task.id }, header: ifMatch(version) },
  });
  const reopen =
    (task: Task): Change =>
    (version) =>
      data(api.POST("/v1/tasks/{task_id}/reopen", { ...at(task, version), body: {} }));
  const complete = (task: Task) =>
    void change(
      task,
      undefined,
      (version) => data(api.POST("/v1/tasks/{task_id}/complete", { ...at(task, version), body: {} })),
      w.tasks.completed(task.title),
      reopen(task),
    );
  const snooze = (task: Task, day: string) => {
    const until = moment(day, MORNING, here.time_zone).toISOString();
    void change(
      task,
      undefined,
      (version) => data(api.POST("/v1/tasks/{task_id}/snooze", { ...at(task, version), body: { until } })),
      w.tasks.snoozed(task.title, formatShortDay(day)),
      reopen(task),
    );
  };
  const assign = (task: Task, ownerId: string) => {
    const give =
      (owner_id: string): Change =>
      (version) =>
        data(
          api.PATCH("/v1/tasks/{task_id}", {
            ...at(task, version),
            body: { title: task.title, due_on: task.due_on, owner_id },
          }),
        );
    void change(
      task,
      whose === "all" ? { ...task, owner_id: ownerId } : undefined,
      give(ownerId),
      w.tasks.assigned(task.title, owner(ownerId)),
      give(task.owner_id),
      w.tasks.assigned(task.title, owner(task.owner_id)),
    );
  };

  const focused = () => {
    const id = document.activeElement?.closest<HTMLElement>("[data-task]")?.dataset.task;
    return list.find((task) => task.id === id && may("tasks.update", task.location_id));
  };
  const on = (act: (task: Task) => void) => () => {
    const task = focused();
    if (task) act(task);
  };
  useKeys(w.tasks.title, [
    { keys: "e", label: w.keys.done, run: on(complete) },
    { keys: "z", label: w.keys.tomorrow, run: on((task) => snooze(task, addDays(today, 1))) },
    ...(may("tasks.create", here.id) ? [{ keys: "n", label: w.keys.fresh, run: () => setFresh(true) }] : []),
  ]);

  const shown = long ? list : list.slice(0, SHOWN);
  return (
    <>
      <Card
        id="tasks"
        title={w.tasks.title}
        count={list.length}
        pending={tasks.isPending}
        error={tasks.data ? undefined : tasks.error}
        again={() => void tasks.refetch()}
        empty={whose === "mine" ? w.tasks.none : w.tasks.noneAll}
        tools={
          <>
            <div className={css.whose} role="group" aria-label={w.whose}>
              <button type="button" aria-pressed={whose === "mine"} onClick={() => setWhose("mine")}>
                {w.mine}
              </button>
              <button type="button" aria-pressed={whose === "all"} onClick={() => setWhose("all")}>
                {w.all}
              </button>
            </div>
            {may("tasks.create", here.id) && (
              <Button
                className={css.fresh}
                size="compact-sm"
                leftSection={<Plus size={14} />}
                onClick={() => setFresh(true)}
              >
                {w.tasks.fresh}
              </Button>
            )}
          </>
        }
      >
        <ul aria-label={w.tasks.title}>
          {shown.map((task) => (
            <Row
              key={task.id}
              task={task}
              today={today}
              patient={find(task.patient_id)}
              owner={owner(task.owner_id)}
              staff={(staff.data ?? []).filter((person) => person.active && person.id !== task.owner_id)}
              change={may("tasks.update", task.location_id)}
              complete={() => complete(task)}
              snooze={(day) => snooze(task, day)}
              pick={() => setLater(task)}
              assign={(id) => assign(task, id)}
            />
          ))}
        </ul>
        {list.length > shown.length && (
          <button type="button" className={css.more} onClick={() => setLong(true)}>
            {w.more(list.length - shown.length)}
          </button>
        )}
      </Card>
      {fresh && <NewTask here={here} close={() => setFresh(false)} />}
      {later && (
        <PickDay
          task={later}
          first={addDays(today, 1)}
          close={() => setLater(undefined)}
          pick={(day) => {
            setLater(undefined);
            snooze(later, day);
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  task: Task;
  today: string;
  patient: Somebody;
  owner: string;
  staff: readonly Schemas["directory.Staff"][];
  change: boolean;
  complete: () => void;
  snooze: (day: string) => void;
  pick: () => void;
  assign: (id: string) => void;
}

function Row({ task, today, patient, owner, staff, change, complete, snooze, pick, assign }: RowProps) {
  const days = daysLate(task, today);
  const due = days > 0 ? w.tasks.overdue(days) : days === 0 ? w.tasks.today : w.tasks.due(formatShortDay(task.due_on));
  const next = task.next_step && task.next_step !== task.title ? task.next_step : "";
  const blocker = task.blocker ? w.tasks.blockers[task.blocker] : "";
  return (
    <li className={css.row} data-row data-task={task.id} tabIndex={-1}>
      <div className={css.what}>
        <strong>{task.title}</strong>
        <span>
          {blocker && (
            <em className={css.blocker}>
              <span className="hidden-text">{w.tasks.blocked} </span>
              {blocker}
            </em>
          )}
          {task.patient_id && <Name patient={patient} />}
          {next && <span>{w.tasks.next(next)}</span>}
        </span>
      </div>
      <div className={css.facts}>
        <span className={css.due} data-late={days > 0 || undefined} data-now={days === 0 || undefined}>
          {due}
        </span>
        <b className={css.value}>{task.value ? formatDollars(Number(task.value.amount_cents)) : ""}</b>
        <span className={css.owner}>{owner}</span>
      </div>
      {change && (
        <div className={css.actions}>
          <Menu position="bottom-end" width={190} shadow="none">
            <Menu.Target>
              <Button
                size="compact-sm"
                variant="default"
                aria-label={w.tasks.snoozeLong(task.title)}
                leftSection={<Clock size={14} />}
              >
                {w.tasks.snooze}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => snooze(addDays(today, 1))}>{w.tasks.tomorrow}</Menu.Item>
              <Menu.Item onClick={() => snooze(addDays(today, 7))}>{w.tasks.nextWeek}</Menu.Item>
              <Menu.Item onClick={pick}>{w.tasks.pick}…</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={w.tasks.doneLong(task.title)}
            leftSection={<Check size={14} />}
            onClick={complete}
          >
            {w.tasks.done}
          </Button>
          <Menu position="bottom-end" width={230} shadow="none">
            <Menu.Target>
              <button type="button" className={css.dots} aria-label={w.tasks.more(task.title)}>
                <More />
              </button>
            </Menu.Target>
            <Menu.Dropdown className={css.people}>
              <Menu.Label>{w.tasks.assign}</Menu.Label>
              {staff.map((person) => (
                <Menu.Item key={person.id} onClick={() => assign(person.id)}>
                  {named(person)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </div>
      )}
    </li>
  );
}

function PickDay(props: { task: Task; first: string; close: () => void; pick: (day: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    props.pick(String(new FormData(event.currentTarget).get("day")));
  };
  return (
    <Dialog title={props.task.title} close={props.close}>
      <form className={css.form} onSubmit={submit}>
        <label>
          <span>{w.tasks.until}</span>
          <input
            name="day"
            type="date"
            required
            min={props.first}
            max={addDays(props.first, 364)}
            defaultValue={addDays(props.first, 13)}
            data-autofocus
          />
        </label>
        <Button type="submit">{w.tasks.snooze}</Button>
      </form>
    </Dialog>
  );
}

function NewTask({ here, close }: { here: Location; close: () => void }) {
  const { session } = useSession();
  const queries = useQueryClient();
  const staff = useStaff();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const today = todayAt(here);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const title = String(form.get("title")).trim();
    const body = {
      location_id: here.id,
      title,
      kind: form.get("kind") as NonNullable<Task["kind"]>,
      due_on: String(form.get("due")),
      owner_id: String(form.get("owner")),
    };
    setBusy(true);
    try {
      await data(api.POST("/v1/tasks", { params: { header: once() }, body }));
      tell({ text: w.tasks.added(title), tone: "good" });
      close();
      void queries.invalidateQueries({ queryKey: [MY_DAY, "coordination", "tasks"] });
    } catch (error) {
      setFailure(refusal(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={w.tasks.fresh} close={close}>
      <form className={css.form} onSubmit={submit}>
        <label data-wide>
          <span>{w.tasks.what}</span>
          <input name="title" required maxLength={200} data-autofocus autoComplete="off" />
        </label>
        <label>
          <span>{w.tasks.kind}</span>
          <select name="kind" defaultValue="other">
            {Object.entries(w.tasks.kinds).map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{w.tasks.by}</span>
          <input name="due" type="date" required min={today} defaultValue={today} />
        </label>
        <label data-wide>
          <span>{w.tasks.who}</span>
          <select name="owner" defaultValue={session.user_id}>
            <option value={session.user_id}>{session.display_name}</option>
            {(staff.data ?? [])
              .filter((person) => person.active && person.id !== session.user_id)
              .map((person) => (
                <option key={person.id} value={person.id}>
                  {named(person)}
                </option>
              ))}
          </select>
        </label>
        {failure && <p role="alert">{failure}</p>}
        <Button type="submit" loading={busy}>
          {w.tasks.add}
        </Button>
      </form>
    </Dialog>
  );
}
