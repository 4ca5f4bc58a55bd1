import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, data, type Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { type Entry, type Source, weave } from "../../../domain/timeline";
import { useCases, useHome, useMayHere, useParties, useVisitTypes } from "../data";
import {
  claimLine,
  documentLine,
  imageLines,
  type Kind,
  type Line,
  labLine,
  messageLine,
  NEEDS,
  noteLine,
  paymentLine,
  stateLine,
  visitLine,
} from "./lines";

const PAGE = 50;
const WHOLE = 200;
const LAB_STATES = [
  ...(["drafted", "approved", "sent", "accepted", "in_production", "shipped", "received"] as const),
  ...(["checked", "delivered", "discrepancy", "remake", "canceled", "closed"] as const),
];

/** Everything of a list that is short for one patient, page after page. */
async function whole<T>(page: (token: string) => Promise<{ rows: T[]; next_page_token: string }>): Promise<T[]> {
  const all: T[] = [];
  let token = "";
  do {
    const found = await page(token);
    all.push(...found.rows);
    token = found.next_page_token;
  } while (token);
  return all;
}

const newestFirst = <T extends Entry>(lines: T[]): T[] => lines.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));

/** The lists of the chart as one: short ones read whole, notes and messages page by page. */
export function useTimeline(patient: Patient, kinds: ReadonlySet<Kind>) {
  const id = patient.id;
  const mayHere = useMayHere(patient);
  const zone = useHome(patient).time_zone;
  const types = useVisitTypes();
  const { data: staff } = useStaff();
  const { data: parties } = useParties(patient, mayHere("parties.read"));
  const on = (kind: Kind) => kinds.has(kind) && mayHere(NEEDS[kind]);
  const path = { patient_id: id };

  const visits = useQuery({
    queryKey: ["timeline", id, "visit"],
    queryFn: () =>
      whole((page_token) =>
        data(
          api.GET("/v1/patients/{patient_id}/appointments", {
            params: { path, query: { page_size: WHOLE, page_token } },
          }),
        ).then((found) => ({ rows: found.appointments, next_page_token: found.next_page_token })),
      ),
    enabled: on("visit"),
  });
  const notes = useInfiniteQuery({
    queryKey: ["timeline", id, "note"],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/patients/{patient_id}/notes", {
          params: { path, query: { page_size: PAGE, page_token: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    enabled: on("note"),
  });
  const messages = useInfiniteQuery({
    queryKey: ["timeline", id, "message"],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/messages", {
          params: { query: { patient_id: id, page_size: PAGE, page_token: pageParam } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    enabled: on("message"),
  });
  const payments = useQuery({
    queryKey: ["timeline", id, "payment"],
    queryFn: () =>
      whole((page_token) =>
        data(api.GET("/v1/payments", { params: { query: { patient_id: id, page_size: WHOLE, page_token } } })).then(
          (found) => ({ rows: found.payments, next_page_token: found.next_page_token }),
        ),
      ),
    enabled: on("payment"),
  });
  const documents = useQuery({
    queryKey: ["timeline", id, "document"],
    queryFn: () =>
      whole((page_token) =>
        data(
          api.GET("/v1/patients/{patient_id}/documents", {
            params: { path, query: { page_size: WHOLE, page_token } },
          }),
        ).then((found) => ({ rows: found.documents, next_page_token: found.next_page_token })),
      ),
    enabled: on("document"),
  });
  const claims = useQuery({
    queryKey: ["timeline", id, "claim"],
    queryFn: () =>
      whole((page_token) =>
        data(api.GET("/v1/claims", { params: { query: { patient_id: id, page_size: WHOLE, page_token } } })).then(
          (found) => ({ rows: found.claims, next_page_token: found.next_page_token }),
        ),
      ),
    enabled: on("claim"),
  });
  const images = useQuery({
    queryKey: ["timeline", id, "image"],
    queryFn: () =>
      whole((page_token) =>
        data(
          api.GET("/v1/patients/{patient_id}/images", {
            params: { path, query: { page_size: WHOLE, page_token } },
          }),
        ).then((found) => ({ rows: found.images, next_page_token: found.next_page_token })),
      ),
    enabled: on("image"),
  });
  const labs = useQuery({
    queryKey: ["timeline", id, "lab"],
    queryFn: () =>
      whole((page_token) =>
        data(
          api.GET("/v1/lab-orders", {
            params: {
              query: { patient_id: id, page_size: WHOLE, page_token, states: [...LAB_STATES] },
            },
          }),
        ).then((found) => ({ rows: found.lab_orders, next_page_token: found.next_page_token })),
      ),
    enabled: on("lab"),
  });
  const { data: cases } = useCases(patient, on("state"));
  const states = useQuery({
    queryKey: ["timeline", id, "state", ...(cases ?? []).map((one) => `${one.id} ${one.version}`)],
    queryFn: () =>
      Promise.all(
        (cases ?? []).map((one) =>
          data(api.GET("/v1/cases/{case_id}", { params: { path: { case_id: one.id } } })).then((found) =>
            found.transitions.map((move, index) => ({ ...move, key: `${one.id}-${index}` })),
          ),
        ),
      ).then((found) => found.flat()),
    enabled: on("state") && cases !== undefined,
  });

  const who = useMemo(() => {
    const names = new Map((staff ?? []).map((person) => [person.id, `${person.first_name} ${person.last_name}`]));
    for (const { party } of parties ?? []) if (party) names.set(party.id, `${party.first_name} ${party.last_name}`);
    return (known: string) => names.get(known) ?? "";
  }, [staff, parties]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `on` follows from `kinds` and the permissions
  const sources = useMemo(() => {
    const all: { kind: Kind; source: Source<Line>; query: { isError: boolean; refetch: () => unknown } }[] = [];
    const add = (kind: Kind, lines: Line[] | undefined, done: boolean, query: (typeof all)[number]["query"]) => {
      // A list that cannot be read does not hold back the others; the screen says which one is missing.
      if (on(kind)) all.push({ kind, source: { entries: lines ?? [], done: done || query.isError }, query });
    };
    add(
      "visit",
      visits.data && newestFirst(visits.data.map((one) => visitLine(one, types, who))),
      !visits.isPending,
      visits,
    );
    add(
      "note",
      notes.data?.pages.flatMap((page) => page.notes.map((note) => noteLine(note, who))),
      notes.data !== undefined && !notes.hasNextPage,
      notes,
    );
    add(
      "message",
      messages.data?.pages.flatMap((page) => page.messages.map((one) => messageLine(one, who, patient))),
      messages.data !== undefined && !messages.hasNextPage,
      messages,
    );
    add(
      "payment",
      payments.data && newestFirst(payments.data.map((one) => paymentLine(one, zone))),
      !payments.isPending,
      payments,
    );
    add("document", documents.data && newestFirst(documents.data.map(documentLine)), !documents.isPending, documents);
    add("claim", claims.data && newestFirst(claims.data.map(claimLine)), !claims.isPending, claims);
    add("image", images.data && newestFirst(imageLines(images.data)), !images.isPending, images);
    add("lab", labs.data && newestFirst(labs.data.map(labLine)), !labs.isPending, labs);
    add(
      "state",
      states.data && newestFirst(states.data.map((move) => stateLine(move, who))),
      !states.isPending,
      states,
    );
    return all;
  }, [kinds, visits, notes, messages, payments, documents, claims, images, labs, states, types, who, zone, patient]);

  const { shown, waiting } = useMemo(() => weave(sources.map(({ source }) => source)), [sources]);
  const paged = { note: notes, message: messages } as Partial<Record<Kind, typeof notes | typeof messages>>;
  const open = waiting.flatMap((index) => sources[index]?.kind ?? []);
  return {
    shown,
    failed: sources.filter(({ query }) => query.isError),
    loading: open.some((kind) => !paged[kind] || paged[kind]?.isPending || paged[kind]?.isFetchingNextPage),
    more: open.some((kind) => paged[kind]?.hasNextPage),
    readOn: () => {
      for (const kind of open) if (paged[kind]?.hasNextPage) void paged[kind]?.fetchNextPage();
    },
  };
}
