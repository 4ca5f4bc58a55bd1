/** What a text message costs in parts (3GPP TS 23.038): 160 characters of the GSM alphabet, or 70 of any other. */

const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED = "^{}\\[~]|€";

export interface Length {
  characters: number;
  parts: number;
  /** How many fit into one part more than is there. */
  left: number;
  /** Characters outside the GSM alphabet, each once: they make a message of 160 one of 70. */
  costly: string[];
}

/** The length of a text as a phone company counts it. */
export function smsLength(text: string): Length {
  const costly = [...new Set([...text].filter((one) => !GSM.includes(one) && !EXTENDED.includes(one)))];
  const characters = costly.length
    ? text.length
    : [...text].reduce((sum, one) => sum + (EXTENDED.includes(one) ? 2 : 1), 0);
  const [single, each] = costly.length ? [70, 67] : [160, 153];
  const parts = characters === 0 ? 0 : characters <= single ? 1 : Math.ceil(characters / each);
  return { characters, parts, left: (parts <= 1 ? single : parts * each) - characters, costly };
}

/** The names in braces that a text uses, in order, each once. */
export const placeholders = (text: string): string[] => [
  ...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string)),
];

/** The text with its placeholders filled; one without a value is left out, as the service does. */
export const fill = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
