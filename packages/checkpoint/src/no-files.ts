/** Stands in for the file system where there is none; browsers' bundlers take it by `imports` of package.json. */

export async function openFile(path: string, reader: string): Promise<never> {
  throw new Error(
    `${reader}(file): expected bytes or a Blob in a browser, got the path ${path}. ` +
      "Fetch the file: new Uint8Array(await (await fetch(url)).arrayBuffer()).",
  );
}

export async function replaceFile(path: string, _chunks: unknown, writer: string): Promise<never> {
  throw new Error(
    `${writer}(file): expected a WritableStream in a browser, got the path ${path}. ` +
      "Pass the writable of a new TransformStream and read its other end as new Response(readable).",
  );
}
