"""Milliseconds that timm takes for the pseudo-inverses of a 32 x 32 kernel's resizes to the sizes given, from scratch. Prints JSON."""

import json
import sys
import time

import torch
from timm.layers.patch_embed import PatchEmbedResamplerFixedOrigSize

sizes = json.loads(sys.argv[1])
torch.set_num_threads(2)
resampler = PatchEmbedResamplerFixedOrigSize((32, 32), interpolation="bilinear", antialias=False)
kernel = torch.rand(8, 3, 32, 32)
begun = time.perf_counter()
for size in sizes:
    resampler(kernel, [size, size])
print(json.dumps({"milliseconds": (time.perf_counter() - begun) * 1000}))
