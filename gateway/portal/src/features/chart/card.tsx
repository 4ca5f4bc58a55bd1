import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failed } from "../../ui/states";
import css from "./card.module.css";

/** A titled part of a tab, in each of its states: loading in its final shape, failed, empty, stale, there. */
export function Card<T>({
  title,
  count,
  query,
  empty,
  lines = 3,
  actions,
  children,
}: {
  title: string;
  count?: number;
  query: UseQueryResult<T>;
  /** What to say when the list has nothing in it. */
  empty: ReactNode;
  lines?: number;
  actions?: ReactNode;
  children: (found: T) => ReactNode;
}) {
  const { data, error, isPending, refetch } = query;
  const nothing = data === undefined || data === null || (Array.isArray(data) && data.length === 0);
  return (
    <section className={css.card} aria-label={title} aria-busy={isPending}>
      <header>
        <h2>
          {title}
          {count !== undefined && count > 0 && <span>{count}</span>}
        </h2>
        {actions}
      </header>
      {data === undefined && error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : isPending ? (
        <div className={css.wait}>
          {Array.from({ length: lines }, (_, index) => (
            <i key={index} />
          ))}
        </div>
      ) : nothing ? (
        <p className={css.empty}>{empty}</p>
      ) : (
        children(data)
      )}
    </section>
  );
}
