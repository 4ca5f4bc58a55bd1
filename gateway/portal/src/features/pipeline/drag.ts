import {
  type PointerEvent as ReactPointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { STAGES, type Stage } from "../../domain/pipeline";
import { type Card, idOf } from "./data";

const FAR_PX = 4;
const EDGE_PX = 48;

export interface Proposal {
  card: Card;
  to: Stage;
  by: "pointer" | "keys";
}

/** Moving a card by pointer or by keys; both are the same proposal. The ghost follows the pointer by itself. */
export function useMoving(
  board: RefObject<HTMLElement | null>,
  ghost: RefObject<HTMLElement | null>,
  drop: (card: Card, to: Stage) => void,
) {
  const [proposed, setProposed] = useState<Proposal>();
  const latest = useRef({ proposed, drop });
  latest.current = { proposed, drop };

  const propose = useCallback((card: Card, to: Stage, by: Proposal["by"]) => {
    setProposed((now) => (now && now.to === to && now.card === card ? now : { card, to, by }));
  }, []);

  const grab = useCallback(
    (event: ReactPointerEvent, card: Card) => {
      if (event.button !== 0 || event.pointerType === "touch" || latest.current.proposed) return;
      const from = { x: event.clientX, y: event.clientY };
      const held = { x: event.clientX - event.currentTarget.getBoundingClientRect().x };
      let started = false;
      const onMove = (moved: PointerEvent) => {
        if (!started) {
          if (Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < FAR_PX) return;
          started = true;
          document.body.style.cursor = "grabbing";
        }
        moved.preventDefault();
        const under = document.elementFromPoint(moved.clientX, moved.clientY)?.closest<HTMLElement>("[data-stage]");
        propose(card, (under?.dataset.stage as Stage | undefined) ?? (card.stage as Stage), "pointer");
        const box = board.current?.getBoundingClientRect();
        if (board.current && box) {
          if (moved.clientX > box.right - EDGE_PX) board.current.scrollLeft += 14;
          else if (moved.clientX < box.left + EDGE_PX) board.current.scrollLeft -= 14;
        }
        requestAnimationFrame(() => {
          if (ghost.current)
            ghost.current.style.transform = `translate(${moved.clientX - held.x}px, ${moved.clientY - 14}px) rotate(1.5deg)`;
        });
      };
      const stop = () => {
        document.removeEventListener("pointermove", onMove);
        document.removeEventListener("pointerup", onUp);
        document.removeEventListener("pointercancel", stop);
        document.removeEventListener("keydown", onKey, true);
        document.body.style.cursor = "";
        setProposed(undefined);
      };
      const onUp = () => {
        const done = latest.current.proposed;
        stop();
        if (!started) return;
        const swallow = (click: MouseEvent) => {
          click.stopPropagation();
          click.preventDefault();
        };
        window.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
        if (done) latest.current.drop(done.card, done.to);
      };
      const onKey = (key: KeyboardEvent) => {
        if (key.key !== "Escape") return;
        key.stopPropagation();
        stop();
      };
      document.addEventListener("pointermove", onMove);
      document.addEventListener("pointerup", onUp);
      document.addEventListener("pointercancel", stop);
      document.addEventListener("keydown", onKey, true);
    },
    [board, ghost, propose],
  );

  const carry = useCallback((card: Card) => propose(card, card.stage as Stage, "keys"), [propose]);

  const byKeys = proposed?.by === "keys";
  useEffect(() => {
    if (!byKeys) return;
    const onKey = (event: KeyboardEvent) => {
      const now = latest.current.proposed;
      if (!now) return;
      const at = STAGES.indexOf(now.to);
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (event.key === "Escape") setProposed(undefined);
      else if (event.key === "Enter") {
        setProposed(undefined);
        latest.current.drop(now.card, now.to);
      } else if (step) {
        const to = STAGES[Math.max(0, Math.min(STAGES.length - 1, at + step))] as Stage;
        propose(now.card, to, "keys");
        document.querySelector(`[data-stage="${to}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape" || event.key === "Enter") focusCard(idOf(now.card));
    };
    document.addEventListener("keydown", onKey, true);
    return () => document.removeEventListener("keydown", onKey, true);
  }, [byKeys, propose]);

  return { proposed, grab, carry };
}

/** Puts the focus on a card, also after it has gone to another column. */
export function focusCard(id: string): void {
  setTimeout(() => document.querySelector<HTMLElement>(`[data-card="${id}"] [data-row]`)?.focus(), 30);
}
