import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findMpi, installMpi, launchRanks } from "./index.ts";
import { cachedMpi, libraryOfJob } from "./mpi-folders.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flexivit-mpi-"));
  vi.stubEnv("PATH", join(folder, "programs"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(() => vi.unstubAllEnvs());

async function empty(...path: string[]): Promise<string> {
  const file = join(folder, ...path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, "");
  return file;
}

describe("findMpi", () => {
  it("prefers the mpirun of the PATH, with the library of the same installation, to the cache", async () => {
    expect(findMpi()).toBeUndefined();
    const { mpirun, library } = cachedMpi();
    await empty(mpirun.slice(folder.length));
    expect(findMpi()).toBeUndefined(); // half an installation is none
    await empty(library.slice(folder.length));
    expect(findMpi()).toEqual({ mpirun, library });
    const system = await empty("usr/lib/x86_64-linux-gnu/libmpi.so.40");
    await empty("usr/bin/mpirun.openmpi");
    await mkdir(join(folder, "programs"));
    await symlink("../usr/bin/mpirun.openmpi", join(folder, "programs", "mpirun"));
    expect(findMpi()).toEqual({ mpirun: join(folder, "programs", "mpirun"), library: system });
  });
});

describe("libraryOfJob", () => {
  it("is the launcher's own where it names its folder, else what the system finds", async () => {
    const named = await empty("five/lib/libmpi.so.40");
    expect(libraryOfJob({ OMPI_LIBDIR_LOC: join(folder, "five/lib") })).toBe(named);
    expect(libraryOfJob({ OPAL_PREFIX: join(folder, "five") })).toBe(named);
    expect(libraryOfJob({ OPAL_PREFIX: join(folder, "nowhere") })).toBe("libmpi.so.40");
  });
});

describe("where there is no Open MPI", () => {
  it("launchRanks says how to get one, in one line", async () => {
    await expect(launchRanks(2, ["true"])).rejects.toThrow(
      new Error("launchRanks(mpirun): expected Open MPI, got none. Run: npx flexivit engine install --mpi (or apt-get install openmpi-bin)"),
    );
  });

  it("and no Python, installMpi says what is missing", async () => {
    expect(await installMpi()).toEqual({
      installed: false,
      reason: "Python is missing",
      remedy: "Install Python with pip (Debian, Ubuntu: apt-get install python3-pip)",
    });
  });
});
