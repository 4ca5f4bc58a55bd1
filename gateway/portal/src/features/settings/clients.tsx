import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, once, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { formatFullDay } from "../../domain/i18n";
import { addDays } from "../../domain/time";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { useAllPlaces } from "./data";
import { Ask, Card, Check, ChoiceField, Dialog, Head, TextField, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { clients as clientsWords } from "./words/clients";
import { common as w } from "./words/common";
import { users as usersWords } from "./words/users";

type Client = Schemas["directory.Client"];

/** What an integrator may be allowed: the permissions of its role in the policy, by what they are about. */
const SCOPES = [
  "locations.read",
  "staff.read",
  "schedules.read",
  "slots.read",
  "appointments.read",
  "appointments.book",
  "appointments.cancel",
  "patients.read",
  "patients.register",
  "patients.update",
  "parties.read",
  "parties.write",
  "leads.create",
  "fees.read",
  "payers.read",
  "procedure_codes.read",
  "messages.read",
  "messages.send",
  "messages.receive",
  "metrics.read",
];

const key = ["settings", "clients"];
const stateOf = (client: Client): "revoked" | "expired" | "working" =>
  client.revoke_time ? "revoked" : Date.parse(client.expire_time ?? "") < Date.now() ? "expired" : "working";

export function Page() {
  const { may } = useSession();
  const queries = useQueryClient();
  const clients = useQuery({
    queryKey: key,
    queryFn: () =>
      data(api.GET("/v1/clients", { params: { query: { page_size: 200 } } })).then((found) => found.clients),
  });
  const places = useAllPlaces();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Client>();
  const { faults, busy, save } = useSave(() => undefined);
  const revoke = async () => {
    if (!revoking) return;
    const params = { path: { client_id: revoking.id }, header: once() };
    await save(
      () => data(api.POST("/v1/clients/{client_id}/revoke", { params, body: {} })),
      clientsWords.revoked(revoking.name),
    );
    setRevoking(undefined);
    await queries.invalidateQueries({ queryKey: key });
  };
  if (clients.isError) return <Failed error={clients.error} again={() => void clients.refetch()} />;
  const where = (client: Client) =>
    client.all_locations
      ? usersWords.everywhere
      : client.location_ids
          .map((id) => places.data?.find((one) => one.id === id)?.name ?? usersWords.otherPlace)
          .join(", ");
  return (
    <>
      <Head title={clientsWords.title} lead={clientsWords.lead}>
        {may("clients.create") && (
          <Button leftSection={<Plus />} onClick={() => setMaking(true)}>
            {clientsWords.add}
          </Button>
        )}
      </Head>
      <Card>
        {faults[""] && (
          <p className={own.bad} role="alert">
            {faults[""]}
          </p>
        )}
        {clients.data?.length === 0 ? (
          <Empty title={clientsWords.none} lead={clientsWords.noneLead} />
        ) : (
          <table className={css.table} aria-busy={clients.isPending}>
            <thead>
              <tr>
                <th>{clientsWords.name}</th>
                <th>{clientsWords.where}</th>
                <th>{clientsWords.may}</th>
                <th>{clientsWords.used}</th>
                <th>{w.form.state}</th>
                <th>
                  <span className="hidden-text">{w.form.actions}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {clients.data?.map((client) => {
                const state = stateOf(client);
                return (
                  <tr key={client.id} data-off={state === "working" ? undefined : ""}>
                    <td>
                      <strong>{client.name}</strong>
                      <br />
                      <small>{client.id}</small>
                    </td>
                    <td>{where(client)}</td>
                    <td>
                      <details>
                        <summary>{clientsWords.count(client.permissions.length)}</summary>
                        <small>{client.permissions.join(", ")}</small>
                      </details>
                    </td>
                    <td>
                      {client.last_use_time ? formatFullDay(client.last_use_time.slice(0, 10)) : usersWords.never}
                    </td>
                    <td>
                      <span className={css.tag} data-tone={state === "working" ? "good" : undefined}>
                        {state === "working"
                          ? clientsWords.until(formatFullDay(client.expire_time?.slice(0, 10) ?? ""))
                          : clientsWords.states[state]}
                      </span>
                    </td>
                    <td data-number>
                      {state === "working" && may("clients.revoke") && (
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={clientsWords.revokeOne(client.name)}
                          onClick={() => setRevoking(client)}
                        >
                          {clientsWords.revoke}
                        </Button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Card>
      {making && <NewClient onClose={() => setMaking(false)} />}
      {revoking && (
        <Ask
          title={clientsWords.revokeTitle(revoking.name)}
          lead={clientsWords.revokeLead}
          go={clientsWords.revoke}
          keep={w.form.cancel}
          busy={busy}
          onGo={() => void revoke()}
          onKeep={() => setRevoking(undefined)}
        />
      )}
    </>
  );
}

function NewClient({ onClose }: { onClose: () => void }) {
  const { may } = useSession();
  const queries = useQueryClient();
  const places = useAllPlaces();
  const partners = useQuery({
    queryKey: ["settings", "labs"],
    queryFn: () =>
      data(api.GET("/v1/partners", { params: { query: { page_size: 200 } } })).then((found) =>
        found.partners.filter((one) => one.kind === "lab"),
      ),
    enabled: may("partners.read"),
  });
  const today = new Date().toISOString().slice(0, 10);
  const [name, setName] = useState("");
  const [role, setRole] = useState<"integrator" | "lab">("integrator");
  const [partner, setPartner] = useState("");
  const [where, setWhere] = useState("*");
  const [until, setUntil] = useState(addDays(today, 180));
  const [scopes, setScopes] = useState<string[]>(["locations.read", "schedules.read", "appointments.read"]);
  const [made, setMade] = useState<{ id: string; secret: string }>();
  const { faults, busy, save } = useSave(() => undefined);
  const send = () =>
    save(async () => {
      const body = {
        name: name.trim(),
        role,
        partner_id: role === "lab" ? partner : undefined,
        all_locations: where === "*",
        location_ids: where === "*" ? [] : [where],
        expire_time: `${until}T23:59:59Z`,
        permissions: role === "lab" ? [] : scopes,
      };
      const answer = await data(api.POST("/v1/clients", { params: { header: once() }, body }));
      setMade({ id: answer.client?.id ?? "", secret: answer.secret });
      void queries.invalidateQueries({ queryKey: key });
    }, "");
  if (made)
    return (
      <Dialog title={clientsWords.made(name)} size={560} onClose={onClose}>
        <p className={css.lead}>{clientsWords.secretLead}</p>
        <dl className={own.form}>
          <dt>{clientsWords.id}</dt>
          <dd>
            <code className={css.secret} data-client-id="">
              {made.id}
            </code>
          </dd>
          <dt>{clientsWords.secret}</dt>
          <dd>
            <code className={css.secret} data-secret="">
              {made.secret}
            </code>
          </dd>
        </dl>
        <div className={css.actions}>
          <Button onClick={onClose}>{clientsWords.kept}</Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={clientsWords.add} size={600} onClose={onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div className={css.grid}>
          <TextField
            label={clientsWords.name}
            value={name}
            required
            maxLength={100}
            data-autofocus
            fault={faults.name}
            placeholder={clientsWords.example}
            onText={setName}
          />
          <ChoiceField
            label={clientsWords.kind}
            value={role}
            options={(["integrator", "lab"] as const).map((value) => ({ value, label: clientsWords.kinds[value] }))}
            onChoice={(value) => setRole(value as typeof role)}
          />
          {role === "lab" && (
            <ChoiceField
              label={clientsWords.lab}
              value={partner}
              required
              fault={faults.partner_id}
              options={[
                { value: "", label: usersWords.choose },
                ...(partners.data ?? []).map((one) => ({ value: one.id, label: one.name })),
              ]}
              onChoice={setPartner}
            />
          )}
          <ChoiceField
            label={clientsWords.where}
            value={where}
            fault={faults.location_ids}
            options={[
              { value: "*", label: usersWords.everywhere },
              ...(places.data ?? [])
                .filter((place) => may("clients.create", place.id))
                .map((place) => ({ value: place.id, label: place.name })),
            ]}
            onChoice={setWhere}
          />
          <TextField
            label={clientsWords.ends}
            type="date"
            value={until}
            min={addDays(today, 1)}
            max={addDays(today, 364)}
            required
            fault={faults.expire_time}
            onText={setUntil}
          />
        </div>
        {role === "integrator" && (
          <fieldset className={own.checks}>
            <legend>{clientsWords.scopes}</legend>
            <p className={css.quiet}>{clientsWords.scopesLead}</p>
            <div className={css.grid}>
              {SCOPES.map((scope) => (
                <Check
                  key={scope}
                  label={scope}
                  checked={scopes.includes(scope)}
                  onCheck={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
                />
              ))}
            </div>
          </fieldset>
        )}
        {(faults[""] ?? faults.permissions) && (
          <p className={own.bad} role="alert">
            {faults[""] ?? faults.permissions}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" loading={busy} disabled={role === "integrator" ? !scopes.length : !partner}>
            {clientsWords.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
