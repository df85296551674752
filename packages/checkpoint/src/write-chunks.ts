import type { FileTarget } from "./entry.ts";

/**
 * Writes the chunks to a path, in one step once all are there, or to a stream, which is then closed.
 *
 * @param writer the public function that errors name
 */
export async function writeChunks(target: FileTarget, chunks: AsyncIterable<Uint8Array>, writer: string): Promise<void> {
  if (typeof target === "string") {
    // Only here, so that the writers also load where there is no file system.
    const { replaceFile } = await import("#replace-file");
    await replaceFile(target, chunks, writer);
    return;
  }
  const stream = target.getWriter();
  try {
    for await (const chunk of chunks) await stream.write(chunk);
  } catch (error) {
    await stream.abort(error);
    throw error;
  }
  await stream.close();
}
