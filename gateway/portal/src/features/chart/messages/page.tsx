import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Patient, type Schemas } from "../../../api/client";
import { usePrivacy } from "../../../app/places";
import { formatMoment } from "../../../domain/i18n";
import { Chat } from "../../../ui/icons";
import { Empty, Failed } from "../../../ui/states";
import { useHome, useMayHere, useParties } from "../data";
import type { TabProps } from "../tabs";
import { l } from "../timeline/words";
import { Composer } from "./composer";
import { Consent } from "./consent";
import css from "./page.module.css";
import { m } from "./words";

type Message = Schemas["notifications.Message"];
const EVERY_MS = 10_000; // a message leaves and comes by itself

/** What was written and said with the family of a patient, and a place to write. */
export function MessagesTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  const [privacy] = usePrivacy();
  const [thread, setThread] = useState("");
  const parties = useParties(patient, mayHere("parties.read"));
  const threads = useQuery({
    queryKey: ["threads", patient.id],
    queryFn: () =>
      data(api.GET("/v1/threads", { params: { query: { patient_id: patient.id, page_size: 50 } } })).then(
        (found) => found.threads,
      ),
    refetchInterval: EVERY_MS,
  });
  const names = new Map(
    (parties.data ?? []).map(({ party }) => [party?.id, `${party?.first_name} ${party?.last_name}`]),
  );
  const nameOf = (party: string) =>
    party
      ? privacy
        ? "•••"
        : (names.get(party) ?? "–")
      : privacy
        ? "•••"
        : patient.preferred_name || patient.first_name;
  return (
    <div className={css.page}>
      <section className={css.log} aria-label={m.log}>
        {(threads.data?.length ?? 0) > 1 && (
          <div className={css.threads} role="group" aria-label={m.conversations}>
            <button type="button" aria-pressed={thread === ""} onClick={() => setThread("")}>
              {m.everybody}
            </button>
            {threads.data?.map((one) => (
              <button key={one.id} type="button" aria-pressed={thread === one.id} onClick={() => setThread(one.id)}>
                {nameOf(one.party_id)}
                {one.unanswered_count > 0 && <em>{m.unanswered(one.unanswered_count)}</em>}
              </button>
            ))}
          </div>
        )}
        <Log patient={patient} thread={thread} nameOf={nameOf} />
      </section>
      <div className={css.side}>
        {mayHere("messages.send") && mayHere("messages.draft") && (
          <Composer patient={patient} parties={parties.data ?? []} nameOf={nameOf} />
        )}
        {mayHere("preferences.read") && <Consent patient={patient} parties={parties.data ?? []} nameOf={nameOf} />}
      </div>
    </div>
  );
}

function Log({ patient, thread, nameOf }: { patient: Patient; thread: string; nameOf: (party: string) => string }) {
  const zone = useHome(patient).time_zone;
  const [privacy] = usePrivacy();
  const read = useInfiniteQuery({
    queryKey: ["messages", patient.id, thread],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/messages", {
          params: {
            query: {
              patient_id: patient.id,
              page_size: 50,
              page_token: pageParam,
              ...(thread ? { thread_id: thread } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token || undefined,
    refetchInterval: EVERY_MS,
  });
  if (read.isError && !read.data) return <Failed error={read.error} again={() => void read.refetch()} />;
  const messages = read.data?.pages.flatMap((page) => page.messages) ?? [];
  if (!read.isPending && messages.length === 0) return <Empty icon={<Chat size={22} />} title={m.none} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <div className={css.scroll} tabIndex={0} role="group" aria-label={m.log} aria-busy={read.isPending}>
      <ol className={css.bubbles} reversed>
        {messages.map((one) => (
          <Bubble key={one.id} message={one} name={nameOf(one.party_id)} zone={zone} hidden={privacy} />
        ))}
      </ol>
      {read.hasNextPage && (
        <Button variant="default" size="xs" loading={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
          {m.older}
        </Button>
      )}
    </div>
  );
}

function Bubble({ message, name, zone, hidden }: { message: Message; name: string; zone: string; hidden: boolean }) {
  const state = message.state ?? "queued";
  const when = message.sent_time ?? message.create_time ?? "";
  const waits = state === "queued" && Date.parse(message.due_time ?? "") > Date.now();
  const text = message.body || l.templates[message.template_kind] || "";
  return (
    <li className={css.bubble} data-inbound={message.inbound} data-state={state}>
      <p className={css.meta}>
        <strong>{l.message(message.channel ?? "", message.inbound, name)}</strong>
        <time dateTime={when}>{formatMoment(when, zone)}</time>
      </p>
      <div className={css.body}>
        {message.subject && message.channel !== "sms" && <b>{hidden ? "•••" : message.subject}</b>}
        <p>{hidden ? "•••" : text}</p>
      </div>
      <p className={css.state}>
        {waits ? m.leaves(formatMoment(message.due_time ?? "", zone)) : m.states[state]}
        {message.failure_reason && `: ${m.failures[message.failure_reason] ?? message.failure_reason}`}
        {message.template_kind && ` · ${l.templates[message.template_kind] ?? m.kinds[message.template_kind] ?? ""}`}
      </p>
    </li>
  );
}
