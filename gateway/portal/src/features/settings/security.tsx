import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { encode } from "uqr";
import { ApiError, api, data } from "../../api/client";
import { useSession } from "../../app/session";
import { t } from "../../domain/i18n";
import { Card, faultsOf, Head, TextField, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { common as w } from "./words/common";
import { security as securityWords } from "./words/security";
import { users as usersWords } from "./words/users";

/** A text as a QR code, drawn here: a secret goes to nobody's picture service. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data: rows, size } = encode(text, { ecc: "M", border: 2 });
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className={own.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} />
      <path d={path} />
    </svg>
  );
}

export function Page() {
  const { session } = useSession();
  return (
    <>
      <Head title={securityWords.title} lead={securityWords.lead(session.display_name)} />
      <SecondFactor />
      <Password />
    </>
  );
}

function SecondFactor() {
  const { session, renewed } = useSession();
  const [on, setOn] = useState(session.second_factor);
  const [password, setPassword] = useState("");
  const [secret, setSecret] = useState<{ secret: string; provisioning_uri: string }>();
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[]>();
  const { faults, busy, save, clear } = useSave(() => undefined);
  const begin = () =>
    save(async () => {
      setSecret(await data(api.POST("/v1/session/totp", { body: { password } })));
      setPassword("");
    }, "");
  const confirm = () =>
    save(async () => {
      const made = await data(api.POST("/v1/session/totp/confirm", { body: { code: code.replace(/\s/g, "") } }));
      renewed(made.csrf_token);
      setCodes(made.recovery_codes);
      setSecret(undefined);
      setOn(true);
    }, securityWords.nowOn);
  return (
    <Card
      title={securityWords.second}
      lead={securityWords.secondLead}
      aside={
        <span className={css.tag} data-tone={on ? "good" : "warn"}>
          {on ? usersWords.on : usersWords.off}
        </span>
      }
    >
      {codes ? (
        <div className={own.form}>
          <strong>{securityWords.codes}</strong>
          <p>{securityWords.codesLead}</p>
          <ol className={own.codes} data-codes="">
            {codes.map((one) => (
              <li key={one}>
                <code>{one}</code>
              </li>
            ))}
          </ol>
          <div className={css.row}>
            <Button variant="default" onClick={() => void navigator.clipboard.writeText(codes.join("\n"))}>
              {w.form.copy}
            </Button>
            <Button onClick={() => setCodes(undefined)}>{securityWords.codesKept}</Button>
          </div>
        </div>
      ) : secret ? (
        <form
          className={own.enrol}
          onSubmit={(event) => {
            event.preventDefault();
            void confirm();
          }}
        >
          <QrCode text={secret.provisioning_uri} label={securityWords.qr} />
          <div className={own.form}>
            <p>{securityWords.scan}</p>
            <div>
              <small className={css.quiet}>{securityWords.byHand}</small>
              <code className={css.secret} data-secret="">
                {secret.secret.replace(/(.{4})/g, "$1 ").trim()}
              </code>
            </div>
            <TextField
              label={securityWords.code}
              value={code}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={7}
              required
              autoFocus
              fault={faults.code ?? faults[""]}
              onText={(text) => {
                setCode(text);
                clear();
              }}
            />
            <div className={css.row}>
              <Button type="submit" loading={busy} disabled={code.replace(/\s/g, "").length !== 6}>
                {securityWords.confirm}
              </Button>
              <Button variant="subtle" color="gray" onClick={() => setSecret(undefined)}>
                {w.form.cancel}
              </Button>
            </div>
          </div>
        </form>
      ) : on ? (
        <p>{securityWords.lost}</p>
      ) : (
        <form
          className={own.closing}
          onSubmit={(event) => {
            event.preventDefault();
            void begin();
          }}
        >
          <PasswordInput
            label={securityWords.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
            error={faults.password ?? faults[""]}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={busy}>
            {securityWords.setUp}
          </Button>
        </form>
      )}
    </Card>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [told, setTold] = useState("");
  const send = async () => {
    setFaults({});
    setTold("");
    try {
      await data(api.POST("/v1/session/password", { body: { current_password: current, new_password: next } }));
      setCurrent("");
      setNext("");
      setTold(securityWords.changed);
    } catch (error) {
      const wrong = error instanceof ApiError && error.reason === "WRONG_PASSWORD";
      setFaults(wrong ? { current_password: w.reasons.WRONG_PASSWORD ?? t.refused } : faultsOf(error));
    }
  };
  return (
    <Card title={securityWords.passwordTitle} lead={securityWords.passwordLead}>
      <form
        className={own.passwords}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <PasswordInput
          label={securityWords.current}
          autoComplete="current-password"
          required
          withAsterisk={false}
          error={faults.current_password}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label={securityWords.next}
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={12}
          error={faults.new_password ?? faults[""]}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          {securityWords.change}
        </Button>
      </form>
      <p role="status" className={css.quiet}>
        {told}
      </p>
    </Card>
  );
}
