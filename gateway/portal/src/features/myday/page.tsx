import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, ifMatch, type Location, type Task } from "../../api/client";
import { usePatientName, usePeople } from "../../api/people";
import { refusal } from "../../api/refusal";
import { usePlaces } from "../../app/places";
import { useSession } from "../../app/session";
import { formatDollars, formatShortDay, t } from "../../domain/i18n";
import { addDays, wall } from "../../domain/time";
import { Check, ListCheck } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import css from "./page.module.css";
import { w } from "./words";

const DAY_MS = 86_400_000;
const daysLate = (task: Task, today: string) =>
  Math.round((Date.parse(today) - Date.parse(task.due_on || today)) / DAY_MS);

/** The most valuable and the oldest first: value times age, and what has no value by age alone. */
export function rank(tasks: readonly Task[], today: string): Task[] {
  const weight = (task: Task) =>
    Math.max(1, daysLate(task, today) + 2) * (100_000 + Number(task.value?.amount_cents ?? 0));
  return [...tasks].sort((a, b) => weight(b) - weight(a));
}

export function MyDayPage() {
  const { here } = usePlaces();
  return here ? <Tasks here={here} /> : null;
}

function Tasks({ here }: { here: Location }) {
  const { session, may } = useSession();
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const called = usePatientName();
  const today = wall(new Date(), here.time_zone).day;
  const key = ["tasks", here.id, all];
  const tasks = useQuery({
    queryKey: key,
    queryFn: () =>
      data(
        api.GET("/v1/tasks", {
          params: { query: { page_size: 100, location_id: here.id, ...(all ? {} : { owner_id: session.user_id }) } },
        }),
      ).then((found) => found.tasks),
  });
  const { people } = usePeople((tasks.data ?? []).map((task) => task.patient_id).filter(Boolean));
  const change = may("tasks.update", here.id);

  const leave = async (task: Task, how: "complete" | "snooze") => {
    const target = { params: { path: { task_id: task.id }, header: ifMatch(task.version) } };
    queries.setQueryData<Task[]>(key, (list) => list?.filter((one) => one.id !== task.id));
    try {
      const answer =
        how === "complete"
          ? await data(api.POST("/v1/tasks/{task_id}/complete", { ...target, body: {} }))
          : await data(api.POST("/v1/tasks/{task_id}/snooze", { ...target, body: { until: addDays(today, 1) } }));
      const version = answer.task?.version ?? task.version;
      const undo = async () => {
        const again = { params: { path: { task_id: task.id }, header: ifMatch(version) }, body: {} };
        await data(api.POST("/v1/tasks/{task_id}/reopen", again)).then(
          () => tell({ text: w.reopened(task.title) }),
          (error) => tell({ text: t.errors.safe, detail: refusal(error), tone: "bad" }),
        );
        void queries.invalidateQueries({ queryKey: ["tasks"] });
      };
      const text = how === "complete" ? w.completed(task.title) : w.snoozed(task.title);
      tell({ text, tone: "good", undo: how === "complete" ? () => void undo() : undefined });
    } catch (error) {
      tell({ text: t.errors.safe, detail: refusal(error), tone: "bad" });
    }
    void queries.invalidateQueries({ queryKey: ["tasks"] });
  };

  const late = (task: Task) => {
    const days = daysLate(task, today);
    return days > 0 ? w.overdue(days) : days === 0 ? w.today : w.due(formatShortDay(task.due_on));
  };
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>{w.title}</h1>
        <div className={css.whose} role="group" aria-label={w.whose}>
          <button type="button" aria-pressed={!all} onClick={() => setAll(false)}>
            {w.mine}
          </button>
          <button type="button" aria-pressed={all} onClick={() => setAll(true)}>
            {w.all}
          </button>
        </div>
      </header>
      {tasks.isError && !tasks.data ? (
        <Failed error={tasks.error} again={() => void tasks.refetch()} />
      ) : tasks.data?.length === 0 ? (
        <Empty icon={<ListCheck size={22} />} title={w.none} />
      ) : (
        <ul className={css.list} aria-label={w.tasks} aria-busy={tasks.isPending}>
          {rank(tasks.data ?? [], today).map((task) => {
            const patient = people.get(task.patient_id);
            return (
              <li key={task.id}>
                <div>
                  <strong>{task.title}</strong>
                  {patient && <span>{called(patient)}</span>}
                </div>
                <em data-late={daysLate(task, today) > 0 || undefined}>{late(task)}</em>
                <b>{task.value ? formatDollars(Number(task.value.amount_cents)) : ""}</b>
                {change && (
                  <span className={css.actions}>
                    <Button size="compact-sm" variant="default" onClick={() => void leave(task, "snooze")}>
                      {w.snooze}
                    </Button>
                    <Button
                      size="compact-sm"
                      variant="default"
                      leftSection={<Check size={14} />}
                      onClick={() => void leave(task, "complete")}
                    >
                      {w.done}
                    </Button>
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
