import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, data } from "../../api/client";
import { formatMoment } from "../../domain/i18n";
import { Empty, Failed } from "../../ui/states";
import { allStaff, staffKey } from "./data";
import { Card, ChoiceField, Head, TextField } from "./form";
import css from "./form.module.css";
import { audit as auditWords } from "./words/audit";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Who saw and who changed what: the access log, newest first. Looking at it is itself recorded. */
export function Page() {
  const navigate = useNavigate();
  const { who, from, until } = useSearch({ strict: false }) as { who?: string; from?: string; until?: string };
  const staff = useQuery({ queryKey: staffKey, queryFn: allStaff, staleTime: 60_000 });
  const day = (text: string | undefined, after: number) => {
    if (!text) return undefined;
    const date = new Date(`${text}T00:00:00`);
    date.setDate(date.getDate() + after);
    return date.toISOString();
  };
  const entries = useInfiniteQuery({
    queryKey: ["settings", "audit", who, from, until],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/access-log", {
          params: {
            query: {
              page_size: 100,
              page_token: pageParam || undefined,
              actor_id: who,
              start_time: day(from, 0),
              end_time: day(until, 1),
            },
          },
        }),
      ),
    getNextPageParam: (last) => last.next_page_token || undefined,
    refetchOnWindowFocus: false, // each reading is recorded
    staleTime: Number.POSITIVE_INFINITY,
  });
  const set = (patch: Record<string, string | undefined>) =>
    void navigate({
      to: "/settings/$section",
      params: { section: "audit" },
      search: { who, from, until, ...patch },
      replace: true,
    });
  const names = new Map((staff.data ?? []).map((one) => [one.id, `${one.first_name} ${one.last_name}`]));
  if (entries.isError) return <Failed error={entries.error} again={() => void entries.refetch()} />;
  const list = entries.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <Head title={auditWords.title} lead={auditWords.lead} />
      <Card>
        <div className={css.grid}>
          <ChoiceField
            label={auditWords.who}
            value={who ?? ""}
            options={[
              { value: "", label: auditWords.everybody },
              ...(staff.data ?? []).map((one) => ({ value: one.id, label: `${one.first_name} ${one.last_name}` })),
            ]}
            onChoice={(value) => set({ who: value || undefined })}
          />
          <TextField
            label={auditWords.from}
            type="date"
            value={from ?? ""}
            onText={(text) => set({ from: text || undefined })}
          />
          <TextField
            label={auditWords.until}
            type="date"
            value={until ?? ""}
            onText={(text) => set({ until: text || undefined })}
          />
        </div>
      </Card>
      <Card>
        {entries.data && list.length === 0 ? (
          <Empty title={auditWords.none} />
        ) : (
          <table className={css.table} aria-busy={entries.isPending}>
            <thead>
              <tr>
                <th>{auditWords.when}</th>
                <th>{auditWords.who}</th>
                <th>{auditWords.what}</th>
                <th data-number>{auditWords.patients}</th>
                <th>{auditWords.outcome}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((entry) => (
                <tr key={entry.id}>
                  <td>{formatMoment(entry.event_time ?? "", ZONE)}</td>
                  <td>{names.get(entry.actor_id) ?? auditWords.kinds[entry.actor_kind] ?? entry.actor_kind}</td>
                  <td>
                    {entry.method.replace(/([a-z])([A-Z])/g, "$1 $2")} <small>{entry.resource_kind}</small>
                  </td>
                  <td data-number>{entry.patient_ids.length || ""}</td>
                  <td>
                    <span className={css.tag} data-tone={entry.outcome === "ok" ? "good" : "bad"}>
                      {entry.outcome === "ok" ? auditWords.ok : entry.outcome}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {entries.hasNextPage && (
          <Button variant="default" loading={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>
            {auditWords.more}
          </Button>
        )}
      </Card>
    </>
  );
}
