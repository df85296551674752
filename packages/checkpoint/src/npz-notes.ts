/** Text notes in the comment of a zip archive: numpy, which has no place for any, does not look there. */

/** Longest comment that the format allows. */
const maxCommentBytes = 65_535;

/** The comment that holds the notes; empty where there are none. */
export function formatNotes(notes: Readonly<Record<string, string>>, writer: string): Uint8Array {
  const bytes = Object.keys(notes).length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(notes));
  if (bytes.length > maxCommentBytes) {
    throw new Error(
      `${writer}(metadata): expected at most ${maxCommentBytes} bytes of notes in .npz, got ${bytes.length}. Shorten them or write .safetensors.`,
    );
  }
  return bytes;
}

/** The notes in a comment; none where another program wrote it. */
export function parseNotes(comment: Uint8Array): Record<string, string> {
  try {
    const notes: unknown = JSON.parse(new TextDecoder().decode(comment));
    const isOurs = typeof notes === "object" && notes !== null && Object.values(notes).every((note) => typeof note === "string");
    return isOurs ? { ...(notes as Record<string, string>) } : {};
  } catch {
    return {};
  }
}
