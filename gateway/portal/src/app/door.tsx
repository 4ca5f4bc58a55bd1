import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { LANGUAGES, type Language, language, SPOKEN, speak, t } from "../domain/i18n";
import { Alert, Logo } from "../ui/icons";
import { Failed } from "../ui/states";
import css from "./door.module.css";
import type { DoorProps } from "./session";

function reason(error: unknown): string {
  if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) return t.signIn.failed;
  return error.status === 429 ? t.signIn.tooMany : t.signIn.wrong;
}

/** The sign-in page, and the same in front of a locked screen. */
export function Door({ asked, error, again, signIn, known, email: before = "", leave }: DoorProps) {
  const [email, setEmail] = useState(before);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [step, setStep] = useState<"password" | "code">("password");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the step
  useEffect(() => first.current?.focus(), [step, asked]);

  if (!asked) return <div className={css.page} aria-busy="true" />;
  if (error) return <Failed error={error} again={again} />;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    try {
      await signIn(email.trim(), password, code.replace(/\s/g, ""));
    } catch (refused) {
      if (refused instanceof ApiError && refused.reason === "TOTP_REQUIRED" && step === "password") setStep("code");
      else setFailure(reason(refused));
      setBusy(false);
    }
  };

  const locked = known !== undefined;
  const knowsEmail = locked && before !== "";
  return (
    <main className={css.page} data-locked={locked || undefined}>
      <form className={css.card} onSubmit={submit} aria-labelledby="door-title">
        <div className={css.brand}>
          <Logo size={34} />
          <span>{t.app.name}</span>
        </div>
        <h1 id="door-title">{step === "code" ? t.signIn.codeTitle : locked ? t.signIn.lockedTitle : t.signIn.title}</h1>
        <p className={css.lead}>
          {step === "code" ? t.signIn.codeLead : locked ? t.signIn.lockedLead(known.display_name) : t.signIn.lead}
        </p>
        {step === "password" ? (
          <>
            {!knowsEmail && (
              <TextInput
                ref={first}
                label={t.signIn.email}
                type="email"
                autoComplete="username"
                required
                withAsterisk={false}
                size="md"
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
            )}
            <PasswordInput
              ref={knowsEmail ? first : undefined}
              label={t.signIn.password}
              autoComplete="current-password"
              required
              withAsterisk={false}
              size="md"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </>
        ) : (
          <TextInput
            ref={first}
            label={t.signIn.code}
            autoComplete="one-time-code"
            inputMode="text"
            required
            withAsterisk={false}
            size="md"
            maxLength={20}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        {failure && (
          <p className={css.failure} role="alert">
            <Alert size={16} />
            {failure}
          </p>
        )}
        <Button type="submit" size="md" fullWidth loading={busy}>
          {locked ? t.signIn.unlock : t.signIn.submit}
        </Button>
        {(locked || step === "code") && (
          <Button
            variant="subtle"
            color="gray"
            onClick={() => {
              setStep("password");
              setPassword("");
              setCode("");
              setFailure("");
              void leave?.();
            }}
          >
            {locked ? t.signIn.somebodyElse : t.signIn.back}
          </Button>
        )}
      </form>
      {!locked && (
        <div className={css.languages} role="group" aria-label={t.app.language}>
          {(Object.keys(LANGUAGES) as Language[]).map((one) => (
            <button key={one} type="button" lang={one} aria-pressed={one === language} onClick={() => speak(one)}>
              {SPOKEN[one]}
            </button>
          ))}
        </div>
      )}
    </main>
  );
}
