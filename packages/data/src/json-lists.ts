import { createReadStream } from "node:fs";

/** An entry of a list of a JSON file: the name of the list, the place of the entry in it, and its text. */
export type JsonEntry = { list: string; index: number; text: string };

/**
 * The entries of the lists that lie directly in the object that a JSON file is, one after another.
 *
 * Neither the file nor a list is ever held as a whole, so a file may be larger than a string or the memory can be.
 *
 * @throws where the file cannot be read, is no JSON object, or ends too early: `where(file): ..` with the last entry
 */
export async function* jsonLists(file: string, where: string): AsyncGenerator<JsonEntry> {
  const scan = new ListScanner();
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) yield* scan.push(chunk as Buffer);
  } catch (error) {
    throw new Error(`${where}(${file}): expected a readable file, got ${(error as NodeJS.ErrnoException).code}. Check the path.`, { cause: error });
  }
  if (scan.isComplete) return;
  const place = scan.place ? `its end in ${scan.place}` : "none";
  throw new Error(`${where}(${file}): expected a whole JSON object, got ${place}. Get the file again.`);
}

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = [...'"\\,[]{}'].map((character) => character.charCodeAt(0));

/** Finds where entries begin and end; what is in them is not looked at. Bytes above 127 are never structure in UTF-8. */
class ListScanner {
  /** Open brackets: 1 inside the file's object, 2 inside a list of it or another value. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The last string directly in the object, and whether it is being read. */
  #name: number[] = [];
  #list: string | undefined;
  #index = 0;
  /** Bytes of the entry that have come with earlier chunks. */
  #earlier: Buffer[] = [];
  #isStarted = false;

  get isComplete(): boolean {
    return this.#isStarted && this.#depth === 0;
  }

  get place(): string | undefined {
    return this.#list === undefined ? undefined : `${this.#list}[${this.#index}]`;
  }

  /** The entries that end in this chunk. */
  *push(chunk: Buffer): Generator<JsonEntry> {
    let start = 0; // of the entry, where a list is open
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#isInString) this.#inString(byte);
      else if (byte === quote) this.#openString();
      else if (byte === openObject || byte === openList) {
        if (this.#open(byte)) start = i + 1;
      } else if (this.#depth === 2 && this.#list !== undefined && (byte === comma || byte === closeList)) {
        yield* this.#entry(chunk.subarray(start, i));
        start = i + 1;
        if (byte === closeList) this.#close();
      } else if (byte === closeObject || byte === closeList) this.#close();
    }
    if (this.#list !== undefined) this.#earlier.push(chunk.subarray(start));
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInString = false;
    if (this.#isInString && this.#depth === 1) this.#name.push(byte);
  }

  #openString(): void {
    this.#isInString = true;
    if (this.#depth === 1) this.#name = [];
  }

  /** Whether a list of entries begins here. */
  #open(byte: number): boolean {
    this.#depth++;
    if (byte === openObject && this.#depth === 1) this.#isStarted = true;
    if (!(byte === openList && this.#depth === 2 && this.#isStarted)) return false;
    [this.#list, this.#index] = [Buffer.from(this.#name).toString(), 0];
    return true;
  }

  #close(): void {
    this.#depth--;
    if (this.#depth === 1) this.#list = undefined;
  }

  *#entry(last: Buffer): Generator<JsonEntry> {
    const text = Buffer.concat([...this.#earlier, last]).toString().trim();
    this.#earlier = [];
    if (text !== "") yield { list: this.#list!, index: this.#index++, text };
  }
}
