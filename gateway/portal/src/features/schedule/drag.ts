import { type PointerEvent as ReactPointerEvent, type RefObject, useCallback, useEffect, useRef } from "react";
import { type Day, judge, minutes, type Place, type Span, UNIT } from "../../domain/schedule";
import { type Proposal, proposal, propose, useIsCarried } from "./proposal";

const FAR_PX = 4;

interface Ground {
  day: Day;
  range: Span;
  unit: number;
  /** Minutes between two lines: what the pointer snaps to. */
  lines: number;
  body: RefObject<HTMLDivElement | null>;
  drop: (done: Proposal) => void;
}

/** What a proposal would mean at another place. The place where the visit is already means nothing. */
function put(given: Proposal, to: Place | undefined, day: Day): Proposal {
  if (to && given.to && to.chairId === given.to.chairId && to.start === given.to.start) return given;
  const { visit } = given;
  const same = given.source.kind === "visit" && to?.chairId === visit.chairId && to?.start === visit.start;
  return { ...given, to, verdict: !to || same ? undefined : judge(day, visit, to, given.chairKinds) };
}

const snap = (minute: number, to: number) => Math.round(minute / to) * to;

/** Moving a visit by pointer, by keys and by pointing and clicking; all three are the same proposal. */
export function useMoving(ground: Ground) {
  const latest = useRef(ground);
  latest.current = ground;
  const byKeys = useIsCarried();

  /** The place under a point; undefined outside the chairs. `grip` is how far below its start the visit is held. */
  const under = useCallback((x: number, y: number, given: Proposal, grip: number): Place | undefined => {
    const { body, range, unit, lines } = latest.current;
    for (const column of body.current?.querySelectorAll<HTMLElement>("[data-chair]") ?? []) {
      const box = column.getBoundingClientRect();
      if (x < box.left || x >= box.right || y < box.top - 30 || y > box.bottom + 30) continue;
      const minute = snap(range.from + ((y - box.top) / unit) * UNIT - grip, lines);
      const start = Math.max(range.from, Math.min(range.to - minutes(given.visit), minute));
      return { chairId: column.dataset.chair as string, start };
    }
    return undefined;
  }, []);

  const grab = useCallback(
    (event: ReactPointerEvent, make: () => Proposal) => {
      if (event.button !== 0 || event.pointerType === "touch" || proposal()) return;
      const from = { x: event.clientX, y: event.clientY };
      const box = event.currentTarget.getBoundingClientRect();
      let started: Proposal | undefined;
      let grip = 0;
      const onMove = (moved: PointerEvent) => {
        if (!started) {
          if (Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < FAR_PX) return;
          started = make();
          grip = started.source.kind === "visit" ? ((from.y - box.top) / latest.current.unit) * UNIT : 0;
          document.body.style.cursor = "grabbing";
        }
        const now = proposal() ?? started;
        propose(put(now, under(moved.clientX, moved.clientY, now, grip), latest.current.day));
      };
      const stop = () => {
        document.removeEventListener("pointermove", onMove);
        document.removeEventListener("pointerup", onUp);
        document.removeEventListener("pointercancel", onCancel);
        document.removeEventListener("keydown", onKey, true);
        document.body.style.cursor = "";
        propose(undefined);
      };
      const swallowClick = () => {
        const swallow = (click: MouseEvent) => {
          click.stopPropagation();
          click.preventDefault();
        };
        window.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
      };
      const onUp = () => {
        const done = proposal();
        stop();
        if (!started) return;
        swallowClick();
        if (done?.to) latest.current.drop(done);
      };
      const onCancel = () => stop();
      const onKey = (key: KeyboardEvent) => {
        if (key.key !== "Escape") return;
        key.stopPropagation();
        stop();
      };
      document.addEventListener("pointermove", onMove);
      document.addEventListener("pointerup", onUp);
      document.addEventListener("pointercancel", onCancel);
      document.addEventListener("keydown", onKey, true);
    },
    [under],
  );

  const carry = useCallback((given: Proposal) => {
    const { chairId, start } = given.visit;
    propose(put({ ...given, by: "keys", to: undefined }, { chairId, start }, latest.current.day));
    requestAnimationFrame(() =>
      latest.current.body.current?.querySelector("[data-ghost]")?.scrollIntoView({ block: "nearest" }),
    );
  }, []);

  useEffect(() => {
    if (!byKeys) return;
    const finish = () => {
      const done = proposal();
      propose(undefined);
      if (done?.to) latest.current.drop(done);
    };
    const onKey = (event: KeyboardEvent) => {
      const now = proposal();
      const { day, range, body } = latest.current;
      if (!now?.to) return;
      const chair = day.chairs.findIndex((one) => one.id === now.to?.chairId);
      const sideways = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const down = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (event.key === "Escape") propose(undefined);
      else if (event.key === "Enter") finish();
      else if (sideways || down) {
        const chairId = day.chairs[chair + sideways]?.id ?? now.to.chairId;
        const wanted = now.to.start + down * UNIT * (event.shiftKey ? 6 : 1);
        const start = Math.max(range.from, Math.min(range.to - minutes(now.visit), wanted));
        propose(put(now, { chairId, start }, day));
      } else return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape" || event.key === "Enter") {
        body.current?.querySelector<HTMLElement>(`[data-visit="${now.visit.id}"]`)?.focus();
      }
    };
    const onPointer = (event: PointerEvent) => {
      const now = proposal();
      const to = now && under(event.clientX, event.clientY, now, 0);
      if (now && to) propose(put(now, to, latest.current.day));
    };
    const onClick = (event: MouseEvent) => {
      if (!(event.target instanceof Node) || !latest.current.body.current?.contains(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      const now = proposal();
      const to = now && under(event.clientX, event.clientY, now, 0);
      if (now && to) propose(put(now, to, latest.current.day));
      finish();
    };
    document.addEventListener("keydown", onKey, true);
    document.addEventListener("pointermove", onPointer);
    document.addEventListener("click", onClick, true);
    return () => {
      document.removeEventListener("keydown", onKey, true);
      document.removeEventListener("pointermove", onPointer);
      document.removeEventListener("click", onClick, true);
    };
  }, [byKeys, under]);

  useEffect(() => () => propose(undefined), []);
  return { grab, carry };
}
