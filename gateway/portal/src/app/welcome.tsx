import { type FormEvent, useState } from "react";
import { ApiError, api, data } from "../api/client";
import { words } from "../domain/i18n";
import { Alert, Logo } from "../ui/icons";
import css from "./door.module.css";

const w = words({
  en: {
    title: "Choose a password",
    lead: "12 or more characters that are hard to guess: a short sentence is good.",
    password: "New password",
    go: "Set password",
    done: "Your password is set",
    doneLead: "Sign in with your e-mail and this password.",
    signIn: "Sign in",
    reasons: {
      TOKEN_INVALID: "This link is not good any more. Ask for a new one.",
      WEAK_PASSWORD: "This is easy to guess. Choose another one.",
    } as Record<string, string>,
    failed: "That did not work. Nothing was changed.",
  },
  es: {
    title: "Elija una contraseña",
    lead: "12 o más caracteres difíciles de adivinar: una frase corta sirve bien.",
    password: "Contraseña nueva",
    go: "Guardar contraseña",
    done: "Su contraseña está guardada",
    doneLead: "Entre con su correo y esta contraseña.",
    signIn: "Entrar",
    reasons: {
      TOKEN_INVALID: "Este enlace ya no vale. Pida uno nuevo.",
      WEAK_PASSWORD: "Es fácil de adivinar. Elija otra.",
    } as Record<string, string>,
    failed: "No funcionó. No se cambió nada.",
  },
});

// The part after # never goes to a server; it is taken out of the address at once.
const token = location.pathname === "/welcome" ? location.hash.slice(1) : "";
if (token) history.replaceState(null, "", location.pathname);

/** Where the one-time link of a new colleague leads: a password, then the sign-in page. */
export default function Welcome() {
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure("");
    try {
      await data(api.POST("/v1/password", { body: { token, new_password: password } }));
      setDone(true);
    } catch (error) {
      setFailure((error instanceof ApiError && w.reasons[error.reason]) || w.failed);
    }
    setBusy(false);
  };
  return (
    <main className={css.page}>
      <form className={css.card} onSubmit={submit} aria-labelledby="welcome-title">
        <div className={css.brand}>
          <Logo size={34} />
          <span>Archwire</span>
        </div>
        <h1 id="welcome-title">{done ? w.done : w.title}</h1>
        <p className={css.lead}>{done ? w.doneLead : w.lead}</p>
        {done ? (
          <a href="/" className={css.plain}>
            {w.signIn}
          </a>
        ) : (
          <>
            <label className={css.plainField}>
              {w.password}
              <input
                type="password"
                autoComplete="new-password"
                required
                minLength={12}
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
              />
            </label>
            {failure && (
              <p className={css.failure} role="alert">
                <Alert size={16} />
                {failure}
              </p>
            )}
            <button type="submit" className={css.plain} disabled={busy}>
              {w.go}
            </button>
          </>
        )}
      </form>
    </main>
  );
}
