/** What the tabs of one browser tell each other about the session they share. Nothing of a patient. */
export type TabNews =
  | { kind: "awake" }
  | { kind: "locked" }
  | { kind: "left" }
  | { kind: "entered"; userId: string; csrf: string };

const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("archwire.session");

export const tellTabs = (news: TabNews): void => channel?.postMessage(news);

/** Hears the other tabs; gives what ends that. */
export function hearTabs(onNews: (news: TabNews) => void): () => void {
  const hear = (message: MessageEvent) => onNews(message.data as TabNews);
  channel?.addEventListener("message", hear);
  return () => channel?.removeEventListener("message", hear);
}
