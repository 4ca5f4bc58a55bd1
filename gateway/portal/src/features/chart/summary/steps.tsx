import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, ifMatch, type Patient, type Task } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { formatShortDay } from "../../../domain/i18n";
import { addDays, moment } from "../../../domain/time";
import { Alert, Check } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { Card } from "../card";
import { type Case, todayAt, useCases, useHome, useMayHere } from "../data";
import { refusal } from "../dialog";
import css from "./page.module.css";
import { s } from "./words";

const DAY_MS = 86_400_000;
const CLOSED = [
  "no_treatment",
  "referred_out",
  "retention_complete",
  "inactive",
  "transfer_out",
  "discontinued",
  "dismissed",
];
const isOpen = (one: Case) => !CLOSED.includes(one.state ?? "");

/** What happens next with each open case: its step, what it waits for, and the tasks with their owners. */
export function Steps({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const home = useHome(patient);
  const today = todayAt(home.time_zone);
  const queries = useQueryClient();
  const { data: staff } = useStaff();
  const { data: cases } = useCases(patient, true);
  const open = (cases ?? []).filter(isOpen);
  const key = ["tasks", patient.id, ...open.map((one) => one.id)];
  const tasks = useQuery({
    queryKey: key,
    queryFn: async () => {
      const lists = await Promise.all(
        open.map((one) =>
          data(api.GET("/v1/tasks", { params: { query: { case_id: one.id, page_size: 100 } } })).then(
            (found) => found.tasks,
          ),
        ),
      );
      return { tasks: lists.flat().sort((a, b) => a.due_on.localeCompare(b.due_on)) };
    },
    enabled: cases !== undefined,
  });
  const nameOf = (id: string) => {
    const person = staff?.find((one) => one.id === id);
    return person ? `${person.first_name} ${person.last_name}` : s.nobody;
  };
  const when = (day: string) => {
    if (!day) return "";
    const late = Math.round((Date.parse(today) - Date.parse(day)) / DAY_MS);
    return late > 0 ? s.overdue(late) : late === 0 ? s.today : s.due(formatShortDay(day));
  };

  const leave = async (task: Task, how: "complete" | "snooze") => {
    const target = { params: { path: { task_id: task.id }, header: ifMatch(task.version) } };
    const before = queries.getQueryData<{ tasks: Task[] }>(key);
    queries.setQueryData<{ tasks: Task[] }>(
      key,
      (was) => was && { tasks: was.tasks.filter((one) => one.id !== task.id) },
    );
    const until = moment(addDays(today, 1), 480, home.time_zone).toISOString();
    try {
      const answer =
        how === "complete"
          ? await data(api.POST("/v1/tasks/{task_id}/complete", { ...target, body: {} }))
          : await data(api.POST("/v1/tasks/{task_id}/snooze", { ...target, body: { until } }));
      const version = answer.task?.version ?? task.version;
      const undo = async () => {
        const again = { params: { path: { task_id: task.id }, header: ifMatch(version) }, body: {} };
        await data(api.POST("/v1/tasks/{task_id}/reopen", again)).catch((error) =>
          tell({ text: s.notDone, detail: refusal(error), tone: "bad" }),
        );
        void queries.invalidateQueries({ queryKey: ["tasks"] });
      };
      tell({
        text: how === "complete" ? s.doneTask(task.title) : s.later(task.title),
        tone: "good",
        undo: () => void undo(),
      });
    } catch (error) {
      queries.setQueryData(key, before);
      tell({ text: s.notDone, detail: refusal(error), tone: "bad" });
    }
    void queries.invalidateQueries({ queryKey: ["tasks"] });
  };
  const nothing = tasks.data && tasks.data.tasks.length === 0 && open.length === 0;
  return (
    <Card
      title={s.steps}
      count={tasks.data?.tasks.length}
      query={nothing ? { ...tasks, data: [] as never } : tasks}
      empty={s.noSteps}
    >
      {(found) => (
        <ul className={css.steps}>
          {open.map((one) => (
            <li key={one.id} data-case>
              <div>
                <strong>{one.next_step || "–"}</strong>
                <span>
                  {nameOf(one.owner_id)}
                  {one.blocker && (
                    <b>
                      <Alert size={13} />
                      {s.waitsFor(s.blockers[one.blocker] ?? one.blocker)}
                    </b>
                  )}
                </span>
              </div>
              <em data-late={(one.next_step_due && one.next_step_due < today) || undefined}>
                {when(one.next_step_due)}
              </em>
            </li>
          ))}
          {found.tasks.map((task) => (
            <li key={task.id}>
              <div>
                <strong>{task.title}</strong>
                <span>{nameOf(task.owner_id)}</span>
              </div>
              <em data-late={task.due_on < today || undefined}>{when(task.due_on)}</em>
              {mayHere("tasks.update") && (
                <div className={css.does}>
                  <Button
                    size="compact-sm"
                    variant="default"
                    leftSection={<Check size={13} />}
                    aria-label={s.doneOf(task.title)}
                    onClick={() => void leave(task, "complete")}
                  >
                    {s.done}
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    color="gray"
                    aria-label={s.laterOf(task.title)}
                    onClick={() => void leave(task, "snooze")}
                  >
                    {s.tomorrow}
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
