import type { FileTarget } from "./entry.ts";

/** Writes the chunks to a path, in one step once all are there, or to a stream, which is then closed. */
export async function writeChunks(target: FileTarget, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  if (typeof target === "string") {
    // Only here, so that the writers also load where there is no file system.
    const { replaceFile } = await import("./replace-file.ts");
    await replaceFile(target, chunks);
    return;
  }
  const writer = target.getWriter();
  try {
    for await (const chunk of chunks) await writer.write(chunk);
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
  await writer.close();
}
