export const LANGUAGES = { en: "en-US", es: "es-US" } as const;
export type Language = keyof typeof LANGUAGES;
/** Each in its own words, so that whoever looks for it can read it. */
export const SPOKEN: Record<Language, string> = { en: "English", es: "Español" };

const KEY = "archwire.language";

function chosen(): Language {
  if (typeof localStorage === "undefined") return "en"; // tests without a browser
  const kept = localStorage.getItem(KEY);
  if (kept === "es" || kept === "en") return kept;
  return navigator.language.startsWith("es") ? "es" : "en";
}

/** The language of this page. Another one comes with a new page: sentences are chosen when a module loads. */
export const language: Language = chosen();
export const locale = LANGUAGES[language];

/** Keeps the choice for this browser and loads the page again in that language. */
export function speak(wanted: Language): void {
  localStorage.setItem(KEY, wanted);
  location.reload();
}

/**
 * The sentences of a screen, in the language of the page. They stand beside the screen (`features/x/words.ts`), so that
 * they load with it; a sentence that a language lacks is a type error.
 */
export const words = <Words>(all: Record<Language, Words>): Words => all[language];
