import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { api, data, ifMatch, once, type Schemas } from "../../api/client";
import { fill, placeholders, smsLength } from "../../domain/sms";
import { Failed } from "../../ui/states";
import { Card, Field, Head, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import locations from "./locations.module.css";
import own from "./messages.module.css";
import { messages as messagesWords } from "./words/messages";

type Kind = Schemas["notifications.TemplateKind"];
type Template = Schemas["notifications.Template"];
type Channel = "sms" | "email";

const LANGUAGES = ["en", "es"] as const;
/** What stands in for a family in the preview. */
const SAMPLE: Record<"en" | "es", Record<string, string>> = {
  en: {
    first_name: "Ana",
    patient: "Mia",
    location: "Beacon Back Bay",
    phone: "(617) 555-0100",
    when: "Tue, Dec 1 at 3:20 PM",
    link: "https://beacon.example/l/…",
    amount: "$165.00",
  },
  es: {
    first_name: "Ana",
    patient: "Mía",
    location: "Beacon Back Bay",
    phone: "(617) 555-0100",
    when: "mar 1 dic a las 3:20 PM",
    link: "https://beacon.example/l/…",
    amount: "$165.00",
  },
};
const key = ["settings", "message-templates"];

export function Page() {
  const navigate = useNavigate();
  const { item, tab } = useSearch({ strict: false }) as { item?: string; tab?: string };
  const kinds = useQuery({
    queryKey: ["settings", "message-kinds"],
    queryFn: () => data(api.GET("/v1/message-template-kinds")).then((found) => found.kinds),
    staleTime: 600_000,
  });
  const templates = useQuery({
    queryKey: key,
    queryFn: () =>
      data(api.GET("/v1/message-templates", { params: { query: { page_size: 200 } } })).then(
        (found) => found.templates,
      ),
  });
  const error = kinds.error ?? templates.error;
  if (error) return <Failed error={error} again={() => void templates.refetch()} />;
  if (!kinds.data || !templates.data) return null;
  const kind = kinds.data.find((one) => one.kind === item) ?? kinds.data[0];
  const channel: Channel = tab === "email" ? "email" : "sms";
  const own_ = (one: Kind) => templates.data.filter((template) => template.kind === one.kind).length;
  const open = (wanted: { item?: string; tab?: string }) =>
    void navigate({
      to: "/settings/$section",
      params: { section: "messages" },
      search: { item: kind?.kind, tab: channel, ...wanted },
    });
  if (!kind) return null;
  return (
    <>
      <Head title={messagesWords.title} lead={messagesWords.lead} />
      <div className={css.split}>
        <nav className={css.list} aria-label={messagesWords.title}>
          <ul>
            {kinds.data.map((one) => (
              <li key={one.kind}>
                <button
                  type="button"
                  aria-current={one === kind ? "true" : undefined}
                  onClick={() => open({ item: one.kind })}
                >
                  <span className={css.grow}>
                    {messagesWords.kinds[one.kind] ?? one.kind}
                    <small>{own_(one) ? messagesWords.own(own_(one)) : messagesWords.builtIn}</small>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
        <div>
          <nav className={locations.tabs} aria-label={messagesWords.channel}>
            {(["sms", "email"] as const).map((one) => (
              <a
                key={one}
                href={`?item=${kind.kind}&tab=${one}`}
                aria-current={one === channel ? "page" : undefined}
                onClick={(event) => {
                  event.preventDefault();
                  open({ tab: one });
                }}
              >
                {messagesWords.channels[one]}
              </a>
            ))}
          </nav>
          {LANGUAGES.map((language) => (
            <Text
              key={`${kind.kind} ${channel} ${language}`}
              kind={kind}
              channel={channel}
              language={language}
              template={templates.data.find(
                (one) => one.kind === kind.kind && one.channel === channel && one.language === language,
              )}
            />
          ))}
        </div>
      </div>
    </>
  );
}

/** One text in one language, with what a family will read beside it. */
function Text(props: { kind: Kind; channel: Channel; language: "en" | "es"; template: Template | undefined }) {
  const { kind, channel, language, template } = props;
  const queries = useQueryClient();
  const area = useRef<HTMLTextAreaElement>(null);
  const builtIn = kind.built_in.find((one) => one.language === language);
  const start = {
    subject: template?.subject ?? builtIn?.subject ?? "",
    body: template?.body ?? builtIn?.body ?? "",
  };
  const editor = useEditor(start, Number(template?.version ?? 0));
  const again = () => queries.invalidateQueries({ queryKey: key });
  const { faults, busy, save } = useSave(again);
  const { draft, set } = editor;
  const used = [...new Set([...placeholders(draft.subject), ...placeholders(draft.body)])];
  const unknown = used.filter((name) => !kind.placeholders.includes(name));
  const sample: Record<string, string> = SAMPLE[language];
  const told = fill(draft.body, sample);
  const length = smsLength(told);
  const send = () =>
    save(async () => {
      const header = editor.version ? ifMatch(editor.version) : once();
      const body = {
        kind: kind.kind,
        channel,
        language,
        subject: channel === "email" ? draft.subject : "",
        body: draft.body,
      };
      await data(api.POST("/v1/message-templates", { params: { header }, body }));
      await again();
    }, messagesWords.saved);
  const put = (name: string) => {
    const field = area.current;
    const at = field?.selectionStart ?? draft.body.length;
    set({ body: `${draft.body.slice(0, at)}{${name}}${draft.body.slice(field?.selectionEnd ?? at)}` });
    field?.focus();
  };
  return (
    <Card
      title={messagesWords.languages[language]}
      aside={<span className={css.tag}>{template ? messagesWords.yours : messagesWords.builtIn}</span>}
    >
      <div className={own.pair} lang={language}>
        <div className={locations.form}>
          {channel === "email" && (
            <TextField
              label={messagesWords.fields.subject}
              value={draft.subject}
              maxLength={150}
              fault={faults.subject}
              onText={(subject) => set({ subject })}
            />
          )}
          <Field
            label={messagesWords.fields.body}
            fault={unknown.length ? messagesWords.unknown(unknown.map((name) => `{${name}}`).join(", ")) : faults.body}
          >
            {(given) => (
              <textarea
                {...given}
                ref={area}
                className={css.input}
                rows={5}
                maxLength={4000}
                value={draft.body}
                onChange={(event) => set({ body: event.currentTarget.value })}
              />
            )}
          </Field>
          <div className={css.row} role="group" aria-label={messagesWords.insert}>
            {kind.placeholders.map((name) => (
              <Button key={name} size="compact-xs" variant="default" onClick={() => put(name)}>
                {`{${name}}`}
              </Button>
            ))}
            {template && builtIn && (
              <Button size="compact-xs" variant="subtle" onClick={() => set(builtIn)}>
                {messagesWords.useBuiltIn}
              </Button>
            )}
          </div>
        </div>
        <div className={own.preview} data-channel={channel}>
          <small>{messagesWords.preview}</small>
          {channel === "email" && <strong>{fill(draft.subject, sample)}</strong>}
          <p>{told}</p>
          {channel === "sms" && (
            <small data-bad={length.parts > 2 ? "" : undefined} role="status">
              {messagesWords.length(length.characters, length.parts)}
              {length.costly.length > 0 && ` ${messagesWords.costly(length.costly.slice(0, 6).join(" "))}`}
            </small>
          )}
        </div>
      </div>
      <SaveBar
        quiet
        editor={editor}
        labels={messagesWords.fields}
        busy={busy}
        fault={faults[""] ?? faults.kind}
        disabled={unknown.length > 0 || !draft.body.trim()}
        onSave={() => void send()}
      />
    </Card>
  );
}
