import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { ApiError, api, data, ifMatch, once, type Schemas } from "../../api/client";
import { useEvents, usePolling } from "../../api/events";
import { t } from "../../domain/i18n";
import { type Blocker, blockerAfter, type Facts, STAGES, type Stage } from "../../domain/pipeline";
import { w } from "./words";

export type Card = Schemas["coordination.PipelineCard"];
export type Column = Schemas["coordination.PipelineColumn"];
export type Case = Schemas["coordination.Case"];
export type Lead = Schemas["coordination.Lead"];
export type Contact = Schemas["coordination.LeadContact"];
export type Source = NonNullable<Card["source"]>;

/** The filters of the board, as they stand in the address. */
export interface Filters {
  loc?: string;
  owner?: string;
  source?: string;
  blocker?: string;
}

const BOARD = "pipeline";
const CARDS_OF_COLUMN = 30;

/** A lead has no case; its own id stands for the card then. */
export const idOf = (card: Card): string => card.case_id || card.lead_id;

export const facts = (card: Card): Facts => ({
  stage: card.stage as Stage,
  state: card.state ?? "",
  blocker: (card.blocker ?? "") as Blocker | "",
  lead: !card.case_id,
  booked: Boolean(card.next_visit_at),
});

/** What went wrong, in the words of the board where it has some. */
export const refusal = (error: unknown): string => {
  const reason = error instanceof ApiError ? error.reason : "";
  if (reason in w.refused) return w.refused[reason as keyof typeof w.refused];
  if (error instanceof ApiError && error.status === 0) return t.errors.noConnection;
  return error instanceof ApiError ? error.message : t.errors.title;
};

function query({ loc, owner, source, blocker }: Filters) {
  return {
    ...(loc ? { location_id: loc } : {}),
    ...(owner ? { owner_id: owner } : {}),
    ...(source ? { source: source as Source } : {}),
    ...(blocker === "none" ? { unblocked: true } : blocker ? { blocker: blocker as Blocker } : {}),
  };
}

/** The whole board in one question: every column with its count, its worth and its first cards. */
export function useBoard(filters: Filters, enabled: boolean) {
  return useQuery({
    queryKey: [BOARD, "board", filters],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/pipeline", { params: { query: { ...query(filters), page_size: CARDS_OF_COLUMN } }, signal }),
      ).then((found) => found.columns),
    enabled,
    refetchInterval: usePolling(),
    placeholderData: (before) => before,
  });
}

/** One column, as far as somebody has gone down. */
export function useColumn(stage: Stage | undefined, filters: Filters) {
  return useInfiniteQuery({
    queryKey: [BOARD, "column", stage, filters],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/v1/pipeline", {
          params: {
            query: { ...query(filters), stage, page_size: 60, ...(pageParam ? { page_token: pageParam } : {}) },
          },
          signal,
        }),
      ).then((found) => found.columns[0] as Column),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    enabled: stage !== undefined,
    refetchInterval: usePolling(),
  });
}

/** Cards by name, phone or chart number; the name goes in the body, never into an address. */
export function useSearch(text: string, loc: string | undefined) {
  return useQuery({
    queryKey: [BOARD, "search", text, loc],
    queryFn: ({ signal }) =>
      data(
        api.POST("/v1/pipeline/search", { body: { query: text, ...(loc ? { location_id: loc } : {}) }, signal }),
      ).then((found) => found.cards),
    enabled: text.length >= 2,
    placeholderData: (before) => (text.length >= 2 ? before : undefined),
    gcTime: 60_000,
  });
}

/** The cards that were found, as a board of their own. */
export function asColumns(cards: readonly Card[], like: readonly Column[]): Column[] {
  return like.map((column) => {
    const own = cards.filter((card) => card.stage === column.stage);
    return {
      ...column,
      cards: own,
      count: own.length,
      aged_count: own.filter((card) => card.aged).length,
      overdue_count: own.filter((card) => card.overdue).length,
      value: { amount_cents: own.reduce((sum, card) => sum + cents(card.value), 0), currency_code: "USD" },
      next_page_token: "",
    };
  });
}

export const cents = (money: { amount_cents?: number | string } | null | undefined): number =>
  Number(money?.amount_cents ?? 0);

/** Hears of changes by others and reads the board again, once for what comes together. */
export function useLiveBoard(loc: string | undefined): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const read = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void queries.invalidateQueries({ queryKey: [BOARD] }), 150);
  }, [queries]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents(loc, (event) => /^(coordination|scheduling|contracts)\./.test(event.type) && read(), read);
}

type Boards = Column[] | InfiniteData<Column> | Card[] | undefined;

/** The cached board with one card replaced, moved to the column that it names; sums and counts follow. */
export function withCard(columns: readonly Column[], card: Card): Column[] {
  const id = idOf(card);
  const was = columns.flatMap((column) => column.cards).find((one) => idOf(one) === id);
  if (!was) return [...columns];
  return columns.map((column) => {
    const own = column.cards.some((one) => idOf(one) === id);
    const here = column.stage === card.stage;
    if (!own && !here) return column;
    const others = column.cards.filter((one) => idOf(one) !== id);
    const cards = here
      ? [...others, card].sort((a, b) => (a.next_step_due + idOf(a)).localeCompare(b.next_step_due + idOf(b)))
      : others;
    const step = Number(here) - Number(own);
    return {
      ...column,
      cards,
      count: column.count + step,
      value: { amount_cents: cents(column.value) + step * cents(card.value), currency_code: "USD" },
    };
  });
}

/** Changes of cards: at once on the screen, taken back there when the server refuses. */
export function useChanges() {
  const queries = useQueryClient();

  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: [BOARD] }), [queries]);

  const put = useCallback(
    (card: Card) => {
      queries.setQueriesData<Boards>({ queryKey: [BOARD] }, (before) => {
        if (!before) return before;
        if ("pages" in before)
          return { ...before, pages: before.pages.map((page) => withCard([page], card)[0] as Column) };
        if (before[0] && "cards" in before[0]) return withCard(before as Column[], card);
        return (before as Card[]).map((one) => (idOf(one) === idOf(card) ? card : one));
      });
    },
    [queries],
  );

  const optimistic = useCallback(
    async (was: Card, after: Card, send: () => Promise<Partial<Card>>): Promise<Card> => {
      await queries.cancelQueries({ queryKey: [BOARD] });
      put(after);
      try {
        const now = { ...after, ...(await send()) };
        put(now);
        void queries.invalidateQueries({ queryKey: ["case", now.case_id] });
        void refresh();
        return now;
      } catch (error) {
        put(was);
        void refresh();
        throw error;
      }
    },
    [queries, put, refresh],
  );

  return useMemo(
    () => ({
      refresh,
      /** Moves a card by hand; `blocker` when it is not what follows by itself. */
      move: (card: Card, to: Stage, blocker?: Blocker | "") => {
        const waits = blocker ?? blockerAfter(facts(card), to);
        const after: Card = { ...card, stage: to, blocker: waits || null, days_in_stage: 0, aged: false };
        return optimistic(card, after, async () => {
          const { case: now } = await data(
            api.POST("/v1/cases/{case_id}/stage", {
              params: { path: { case_id: card.case_id }, header: ifMatch(card.version) },
              body: { stage: to, ...(waits ? { blocker: waits } : {}) },
            }),
          );
          return now ? fromCase(now) : {};
        });
      },
      /** Changes what happens next: owner, blocker, step, date. */
      plan: (card: Card, plan: Plan) => {
        const after: Card = {
          ...card,
          owner_id: plan.owner_id,
          blocker: plan.blocker || null,
          next_step: plan.next_step,
          next_step_due: plan.next_step_due,
          overdue: false,
        };
        return optimistic(card, after, async () => {
          if (!card.case_id) return fromLead(await updateLead(card.lead_id, card.version, plan));
          const { reason_not_started, blocker, ...rest } = plan;
          const { case: now } = await data(
            api.PATCH("/v1/cases/{case_id}", {
              params: { path: { case_id: card.case_id }, header: ifMatch(card.version) },
              body: {
                ...rest,
                ...(blocker ? { blocker } : {}),
                ...(reason_not_started ? { reason_not_started } : {}),
              },
            }),
          );
          return now ? fromCase(now) : {};
        });
      },
    }),
    [optimistic, refresh],
  );
}
export type Changes = ReturnType<typeof useChanges>;

export interface Plan {
  owner_id: string;
  blocker: Blocker | "";
  next_step: string;
  next_step_due: string;
  reason_not_started?: Schemas["coordination.ReasonNotStarted"];
}

export const fromCase = (now: Case): Partial<Card> => ({
  stage: now.stage,
  state: now.state,
  stage_time: now.stage_time,
  owner_id: now.owner_id,
  blocker: now.blocker,
  next_step: now.next_step,
  next_step_due: now.next_step_due,
  reason_not_started: now.reason_not_started,
  version: Number(now.version),
});
const fromLead = (now: Lead): Partial<Card> => ({
  owner_id: now.owner_id,
  blocker: now.blocker,
  next_step: now.next_step,
  next_step_due: now.next_step_due,
  version: Number(now.version),
});

export const updateLead = (lead_id: string, version: number, plan: Plan, contacted = false): Promise<Lead> => {
  const { blocker, owner_id, next_step, next_step_due } = plan;
  return data(
    api.PATCH("/v1/leads/{lead_id}", {
      params: { path: { lead_id }, header: ifMatch(version) },
      body: { owner_id, next_step, next_step_due, contacted, ...(blocker ? { blocker } : {}) },
    }),
  ).then((answer) => answer.lead as Lead);
};

/** A case with its history, its follow-ups and its presentations, for the drawer. */
export function useCase(case_id: string) {
  return useQuery({
    queryKey: ["case", case_id],
    queryFn: async ({ signal }) => {
      const path = { params: { path: { case_id } }, signal };
      const lists = { params: { query: { case_id, page_size: 50 } }, signal };
      const none = (error: unknown) => {
        if (error instanceof ApiError && error.status === 403) return undefined;
        throw error;
      };
      const [found, follow, shown] = await Promise.all([
        data(api.GET("/v1/cases/{case_id}", path)),
        data(api.GET("/v1/follow-ups", lists)).catch(none),
        data(api.GET("/v1/presentations", lists)).catch(none),
      ]);
      return {
        case: found.case as Case,
        transitions: found.transitions,
        followUps: follow?.follow_ups ?? [],
        presentations: shown?.presentations,
      };
    },
    enabled: case_id !== "",
  });
}

export function useLead(lead_id: string) {
  return useQuery({
    queryKey: ["lead", lead_id],
    queryFn: ({ signal }) => data(api.GET("/v1/leads/{lead_id}", { params: { path: { lead_id } }, signal })),
    enabled: lead_id !== "",
  });
}

export type Outcome = keyof typeof w.outcomes;
export type Channel = keyof typeof w.channels;

export const logContact = (case_id: string, channel: Channel, outcome: Outcome) =>
  data(api.POST("/v1/follow-ups", { params: { header: once() }, body: { case_id, channel, outcome } }));

export const emptyBoard = (): Column[] =>
  STAGES.map((stage) => ({
    stage,
    count: 0,
    value: { amount_cents: 0, currency_code: "USD" },
    aged_count: 0,
    overdue_count: 0,
    aged_after_days: 0,
    cards: [],
    next_page_token: "",
  }));
