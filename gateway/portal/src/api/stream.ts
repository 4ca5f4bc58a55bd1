/** One message of a server-sent stream. */
export interface Told {
  id: string;
  data: string;
}

/**
 * Takes the messages out of a server-sent stream, whatever pieces it arrives in: gives what is whole and keeps the rest.
 * Comments, which are the server's heartbeat, and other fields are passed over.
 */
export function reader(): (piece: string) => Told[] {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const told: Told = { id: "", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) told.id = line.slice(4);
        if (line.startsWith("data: ")) told.data += line.slice(6);
      }
      return told.data ? [told] : [];
    });
  };
}
