import { Button } from "@mantine/core";
import { useState } from "react";
import css from "./form.module.css";
import { common as w } from "./words/common";
import { users as usersWords } from "./words/users";

/** A link that is shown once, to be handed over. */
export function OneTimeLink({ url }: { url: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <>
      <p className={css.lead}>{usersWords.linkLead}</p>
      <code className={css.secret} data-secret="">
        {url}
      </code>
      <div className={css.actions}>
        <Button
          variant="default"
          onClick={() =>
            void navigator.clipboard.writeText(url).then(
              () => setCopied(true),
              () => undefined,
            )
          }
        >
          {copied ? w.form.copied : w.form.copy}
        </Button>
      </div>
    </>
  );
}
