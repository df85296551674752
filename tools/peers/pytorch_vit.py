"""Times timm's ViT on PyTorch eager, CPU, float32: one warm-up, then the repeats. Prints JSON."""

import argparse
import json
import platform
import resource
import sys
import time

import timm
import torch
import torch.nn.functional as F

names = {"Ti": "tiny", "S": "small", "B": "base", "L": "large"}

parser = argparse.ArgumentParser()
parser.add_argument("--variant", choices=names, default="S")
parser.add_argument("--patch-size", type=int, default=16)
parser.add_argument("--image-size", type=int, default=240)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--mode", choices=["forward", "train"], default="forward")
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
model = timm.create_model(
    f"vit_{names[options.variant]}_patch16_224",
    patch_size=options.patch_size,
    img_size=options.image_size,
    class_token=False,
    global_pool="avg",
    num_classes=1000,
)
images = torch.rand(options.batch, 3, options.image_size, options.image_size) * 2 - 1
labels = torch.randint(0, 1000, (options.batch,))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)


def forward() -> None:
    with torch.no_grad():
        model(images)


def train() -> None:
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


model.train(options.mode == "train")
step = train if options.mode == "train" else forward
step()
milliseconds = []
for _ in range(options.repeats):
    begun = time.perf_counter()
    step()
    milliseconds.append((time.perf_counter() - begun) * 1000)

unit = 1 if sys.platform == "darwin" else 1024
print(
    json.dumps(
        {
            "mode": options.mode,
            "milliseconds": milliseconds,
            "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
            "versions": {"torch": torch.__version__, "timm": timm.__version__, "python": platform.python_version()},
        }
    )
)
