"""PyTorch's side of a comparison: measures what the specification given as JSON (spec.ts) says and prints JSON."""

import json
import platform
import resource
import sys
import time

import timm
import torch
import torch.nn.functional as F
from timm.layers import resample_abs_pos_embed
from timm.layers.patch_embed import PatchEmbedResamplerFixedOrigSize
from timm.models.vision_transformer import VisionTransformer

spec = json.loads(sys.argv[1])
torch.set_num_threads(spec["threads"])
torch.manual_seed(0)
flexible = len(spec["patchSizes"]) > 1
assert not (flexible and spec["recompute"]), "the blocks of the flexible side are called one by one, without checkpointing"
side, channels = spec["imageSizePx"], spec["channels"]
model = VisionTransformer(
    img_size=224 if flexible else side,
    patch_size=32 if flexible else spec["patchSizes"][0],
    in_chans=channels,
    embed_dim=spec["model"]["dim"],
    depth=spec["model"]["depth"],
    num_heads=spec["model"]["heads"],
    class_token=False,
    global_pool="avg",
    num_classes=spec["classes"],
)
model.set_grad_checkpointing(spec["recompute"])
model.train(spec["mode"] == "train")
resampler = PatchEmbedResamplerFixedOrigSize((32, 32), interpolation="bilinear", antialias=False)
images = torch.rand(spec["batch"], channels, side, side) * 2 - 1
labels = torch.randint(0, spec["classes"], (spec["batch"],))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)


def logits(patch_size: int) -> torch.Tensor:
    if not flexible:
        return model(images)
    # timm's model is built for one patch size: its own resizing functions, then its blocks.
    kernel = resampler(model.patch_embed.proj.weight, [patch_size, patch_size])
    tokens = F.conv2d(images, kernel, model.patch_embed.proj.bias, stride=patch_size)
    grid = list(tokens.shape[2:])
    positions = resample_abs_pos_embed(model.pos_embed, grid, (7, 7), num_prefix_tokens=0, interpolation="bilinear")
    tokens = tokens.flatten(2).transpose(1, 2) + positions
    for block in model.blocks:
        tokens = block(tokens)
    return model.forward_head(model.norm(tokens))


def forward(patch_size: int) -> None:
    with torch.no_grad():
        logits(patch_size)


def train(patch_size: int) -> None:
    optimizer.zero_grad()
    F.cross_entropy(logits(patch_size), labels).backward()
    optimizer.step()


def timed(patch_size: int) -> dict:
    begun, processor = time.perf_counter(), time.process_time()
    run(patch_size)
    spent = {"milliseconds": (time.perf_counter() - begun) * 1000, "processorMilliseconds": (time.process_time() - processor) * 1000}
    return {"patchSize": patch_size, **spent}


run = train if spec["mode"] == "train" else forward
for patch_size in spec["patchSizes"]:
    run(patch_size)
steps = [timed(patch_size) for _ in range(spec["repeats"]) for patch_size in spec["patchSizes"]]
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
versions = {"torch": torch.__version__, "timm": timm.__version__, "python": platform.python_version()}
print(json.dumps({"steps": steps, "peakMemoryBytes": peak, "versions": versions}))
