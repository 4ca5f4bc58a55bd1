import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, data, once } from "../../api/client";
import { formatFullDay, t } from "../../domain/i18n";
import { e164 } from "../../domain/phone";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { allStaff, type Staff, staffKey, useAllPlaces } from "./data";
import { Card, Check, Dialog, Head, TextField, useSave } from "./form";
import css from "./form.module.css";
import { OneTimeLink } from "./link";
import own from "./locations.module.css";
import { GrantFields, newGrant, PersonPanel } from "./person";
import { users as usersWords } from "./words/users";

/** One row for each role that somebody holds: what an access review signs. */
function review(staff: readonly Staff[], place: (id: string) => string): string {
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`;
  const rows = staff.flatMap((one) => {
    const person = [
      one.last_name,
      one.first_name,
      one.email,
      one.active ? "yes" : "no",
      one.totp_enrolled ? "yes" : "no",
    ];
    const seen = one.last_sign_in_time?.slice(0, 10) ?? "";
    const grants = one.grants.length ? one.grants : [undefined];
    return grants.map((grant) => [
      ...person,
      seen,
      grant?.role ?? "",
      grant
        ? grant.all_locations
          ? "*"
          : grant.region_id
            ? `region ${grant.region_id}`
            : place(grant.location_id)
        : "",
      grant?.start_time?.slice(0, 10) ?? "",
      grant?.expire_time?.slice(0, 10) ?? "",
    ]);
  });
  const head = [
    "last_name",
    "first_name",
    "email",
    "active",
    "second_factor",
    "last_sign_in",
    "role",
    "location",
    "from",
    "until",
  ];
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

export function Page() {
  const staff = useQuery({ queryKey: staffKey, queryFn: allStaff });
  const places = useAllPlaces();
  const navigate = useNavigate();
  const { q = "", item } = useSearch({ strict: false }) as { q?: string; item?: string };
  const [gone, setGone] = useState(false);
  const [inviting, setInviting] = useState(false);
  const place = (id: string) => places.data?.find((one) => one.id === id)?.name ?? "";
  const open = (id: string | undefined) =>
    void navigate({ to: "/settings/$section", params: { section: "users" }, search: { q: q || undefined, item: id } });
  if (staff.isError) return <Failed error={staff.error} again={() => void staff.refetch()} />;
  /** Each role once, with the places where it holds. */
  const byRole = (one: Staff): [string, string[]][] => {
    const found = new Map<string, string[]>();
    for (const grant of one.grants) {
      const where = grant.all_locations
        ? usersWords.everywhere
        : grant.region_id
          ? usersWords.region
          : place(grant.location_id);
      found.set(grant.role, [...(found.get(grant.role) ?? []), where]);
    }
    return [...found];
  };
  const words = q.trim().toLowerCase();
  const list = (staff.data ?? []).filter(
    (one) =>
      (gone || one.active) &&
      `${one.first_name} ${one.last_name} ${one.email} ${one.grants.map((grant) => t.roles[grant.role] ?? "").join(" ")}`
        .toLowerCase()
        .includes(words),
  );
  const person = staff.data?.find((one) => one.id === item);
  return (
    <>
      <Head title={usersWords.title} lead={usersWords.lead}>
        <Button
          variant="default"
          disabled={!staff.data}
          onClick={() => download("access-review.csv", review(staff.data ?? [], place))}
        >
          {usersWords.review}
        </Button>
        <Button leftSection={<Plus />} onClick={() => setInviting(true)}>
          {usersWords.invite}
        </Button>
      </Head>
      <Card>
        <div className={own.search}>
          <input
            type="search"
            className={css.input}
            aria-label={usersWords.search}
            placeholder={usersWords.search}
            value={q}
            onChange={(event) =>
              void navigate({
                to: "/settings/$section",
                params: { section: "users" },
                search: { q: event.currentTarget.value || undefined, item },
                replace: true,
              })
            }
          />
          <Check label={usersWords.showGone} checked={gone} onCheck={setGone} />
        </div>
        {staff.data && list.length === 0 ? (
          <Empty title={usersWords.none} />
        ) : (
          <table className={css.table} aria-busy={staff.isPending}>
            <thead>
              <tr>
                <th>{usersWords.name}</th>
                <th>{usersWords.roles}</th>
                <th>{usersWords.second}</th>
                <th>{usersWords.seen}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <tr key={one.id} data-off={one.active ? undefined : ""}>
                  <td>
                    <button type="button" className={css.rowName} onClick={() => open(one.id)}>
                      {one.first_name} {one.last_name}
                    </button>
                    <br />
                    <small>{one.email}</small>
                  </td>
                  <td>
                    <span className={css.row}>
                      {!one.active && <span className={css.tag}>{usersWords.gone}</span>}
                      {one.active && one.grants.length === 0 && (
                        <span className={css.tag} data-tone="warn">
                          {usersWords.noRole}
                        </span>
                      )}
                      {byRole(one).map(([role, where]) => (
                        <span key={role} className={css.tag}>
                          {t.roles[role] ?? role}
                          {" · "}
                          {where.length > 2 ? usersWords.places(where.length) : where.join(", ")}
                        </span>
                      ))}
                    </span>
                  </td>
                  <td>
                    <span className={css.tag} data-tone={one.totp_enrolled ? "good" : "warn"}>
                      {one.totp_enrolled ? usersWords.on : usersWords.off}
                    </span>
                  </td>
                  <td>
                    {one.last_sign_in_time ? formatFullDay(one.last_sign_in_time.slice(0, 10)) : usersWords.never}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {person && <PersonPanel key={person.id} person={person} onClose={() => open(undefined)} />}
      {inviting && <Invite onClose={() => setInviting(false)} onMade={open} />}
    </>
  );
}

/** A new colleague: name, address, first role; the answer is a link that works once, to be handed over. */
function Invite({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const queries = useQueryClient();
  const [first_name, setFirst] = useState("");
  const [last_name, setLast] = useState("");
  const [email, setEmail] = useState("");
  const [phone, setPhone] = useState("");
  const [title, setTitle] = useState("");
  const [is_provider, setProvider] = useState(false);
  const [grant, setGrant] = useState(newGrant());
  const [link, setLink] = useState<{ url: string; id: string }>();
  const { faults, busy, save } = useSave(() => undefined);
  const send = () =>
    save(async () => {
      const body = {
        first_name: first_name.trim(),
        last_name: last_name.trim(),
        email: email.trim(),
        phone: e164(phone) ?? phone,
        title,
        is_provider,
        grants: [{ role: grant.role, ...grant.where, ...grant.times }],
      };
      const made = await data(api.POST("/v1/staff", { params: { header: once() }, body }));
      const id = made.staff?.id ?? "";
      void queries.invalidateQueries({ queryKey: staffKey });
      const path = { staff_id: id };
      const token = await data(
        api.POST("/v1/staff/{staff_id}/password-token", { params: { path, header: once() }, body: {} }),
      );
      setLink({ url: `${location.origin}/welcome#${token.token}`, id });
    }, "");
  if (link)
    return (
      <Dialog
        title={usersWords.invited(first_name)}
        onClose={() => {
          onClose();
          onMade(link.id);
        }}
      >
        <OneTimeLink url={link.url} />
      </Dialog>
    );
  return (
    <Dialog title={usersWords.invite} size={560} onClose={onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div className={css.grid}>
          <TextField
            label={usersWords.fields.first_name}
            value={first_name}
            required
            maxLength={60}
            data-autofocus
            fault={faults.first_name}
            onText={setFirst}
          />
          <TextField
            label={usersWords.fields.last_name}
            value={last_name}
            required
            maxLength={60}
            fault={faults.last_name}
            onText={setLast}
          />
          <TextField
            label={usersWords.fields.email}
            type="email"
            value={email}
            required
            fault={faults.email}
            hint={usersWords.emailHint}
            onText={setEmail}
          />
          <TextField label={usersWords.fields.phone} type="tel" value={phone} fault={faults.phone} onText={setPhone} />
          <TextField
            label={usersWords.fields.title}
            value={title}
            maxLength={60}
            fault={faults.title}
            onText={setTitle}
          />
        </div>
        <Check label={usersWords.provider} checked={is_provider} onCheck={setProvider} />
        <GrantFields grant={grant} onGrant={setGrant} faults={faults} />
        {(faults[""] ?? faults.role ?? faults.grants) && (
          <p className={own.bad} role="alert">
            {faults[""] ?? faults.role ?? faults.grants}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" loading={busy} disabled={!grant.role}>
            {usersWords.invite}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
