"""Makes PyTorch's Linux wheel work without the CUDA libraries that it is linked with.

The wheel on PyPI is built for CUDA: even on a CPU it loads cuBLAS, cuDNN and others, 3 GB that are never
called. This puts an empty stand-in for each missing one beside PyTorch's own libraries: every function that
is asked for exists and returns 999, which PyTorch takes for "no CUDA here".

python3 stand_ins.py <folder of torch/lib>
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

folder = sys.argv[1]
ours = re.compile(r"lib(cu|nccl|nvrtc|nvshmem)")
libraries = [path for path in glob.glob(f"{folder}/*.so") if not ours.match(os.path.basename(path))]


def printed(*command: str) -> str:
    return subprocess.run([*command, *libraries], check=True, capture_output=True, text=True).stdout


headers = printed("objdump", "-p")
missing = {name for name in re.findall(r"NEEDED\s+(\S+)", headers) if ours.match(name)}

# Which library each symbol version comes from.
library_of = {}
for library, lines in re.findall(r"required from (\S+):\n((?:\s+0x.*\n)*)", headers):
    for version in re.findall(r"0x\S+ \S+ \d+ (\S+)", lines):
        library_of[version] = library

unversioned = set()
versioned = {library: {} for library in missing}
for symbol in set(re.findall(r" [Uw] (\S+)$", printed("nm", "-D", "--undefined-only"), re.M)):
    name, _, version = symbol.partition("@")
    library = library_of.get(version)
    if library in missing:
        versioned[library].setdefault(version, set()).add(name)
    elif not version and re.match(r"cu|nccl|nv", name):
        unversioned.add(name)

with tempfile.TemporaryDirectory() as work:
    for library, versions in versioned.items():
        names = set().union(*versions.values()) if versions else unversioned
        source, script = f"{work}/stand_in.c", f"{work}/versions"
        with open(source, "w") as file:
            file.writelines(f"long {name}(void) {{ return 999; }}\n" for name in sorted(names))
        with open(script, "w") as file:
            file.writelines(f"{version} {{ global: {'; '.join(sorted(of))}; }};\n" for version, of in versions.items())
        flags = [f"-Wl,--version-script={script}"] if versions else []
        output = ["-o", f"{folder}/{library}", f"-Wl,-soname,{library}"]
        subprocess.run(["g++", "-x", "c", "-shared", "-fPIC", "-w", source, *output, *flags], check=True)

print(f"{len(missing)} CUDA libraries replaced by stand-ins")
