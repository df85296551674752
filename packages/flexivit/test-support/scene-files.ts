import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertBox, maskArea, maskToCoco } from "@flexivit/annotations";
import { depthPng, labelsPng, normalsPng, type MapKind, type Maps } from "@flexivit/data";
import { random } from "@flexivit/random";
import { png } from "./pictures.ts";
import { scenes, sceneSize, type Scenes } from "./scenes.ts";

/** Scenes on disk: picture files, a COCO file that names them, and folders as ADE20K and NYU Depth have them. */
export type SceneFiles = { folder: string; pictures: string[]; coco: string; ade20k: string; nyu: string };

/** Writes scenes in the layouts of the readers; ADE20K's training and validation parts are the same. */
export async function sceneFiles(count: number, seed: number): Promise<SceneFiles> {
  const folder = await mkdtemp(join(tmpdir(), "flexivit-scenes-"));
  const all = scenes(count, seed);
  const [ade20k, nyu, coco] = [join(folder, "ade20k"), join(folder, "nyu"), join(folder, "truth.json")];
  const pictures: string[] = [];
  for (let index = 0; index < count; index++) {
    const name = `${index}.png`;
    const picture = pictureOf(all, index);
    const map = async <Kind extends MapKind & ("depth" | "normals")>(kind: Kind): Promise<Maps[Kind]> => (await all.surfaces.readMap(index, kind)).values;
    const labels = (await all.labels.readMap(index, "labels")).values.map((label) => label + 1); // 0 is no class there
    for (const split of ["training", "validation"]) {
      await put(join(ade20k, "images", split), name, picture);
      await put(join(ade20k, "annotations", split), name, await labelsPng(labels, sceneSize));
    }
    await put(join(nyu, "rgb"), name, picture);
    await put(join(nyu, "depth"), name, await depthPng(await map("depth"), sceneSize));
    await put(join(nyu, "normals"), name, await normalsPng(await map("normals"), sceneSize));
    pictures.push(join(nyu, "rgb", name));
  }
  await writeFile(join(ade20k, "objectInfo150.txt"), ["Idx\tName", ...all.labels.classes.map((name, index) => `${index + 1}\t${name}`)].join("\n"));
  await writeFile(coco, JSON.stringify(cocoOf(all, count)));
  return { folder, pictures, coco, ade20k, nyu };
}

function pictureOf({ objects: source }: Scenes, index: number): Buffer {
  const [height, width] = sceneSize;
  const window = { top: 0, left: 0, height, width };
  const out = new Uint8Array(height * width * 3);
  void source.read(index, { choose: () => ({ region: window, resized: sceneSize, window, flip: false, resampling: "pil-bilinear" }), stream: () => random(0, "unused"), out });
  return png(height, width, (row, column) => [...out.subarray(3 * (row * width + column), 3 * (row * width + column) + 3)] as [number, number, number]);
}

async function put(folder: string, name: string, content: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), content);
}

/** The annotations of the scenes; pictures lie in `rgb` of the NYU folder. */
function cocoOf({ objects: { objects, classes, categoryIds, imageIds } }: Scenes, count: number): object {
  const [height, width] = sceneSize;
  return {
    images: Array.from({ length: count }, (_, index) => ({ id: imageIds[index], height, width, file_name: `nyu/rgb/${index}.png` })),
    categories: classes.map((name, index) => ({ id: categoryIds[index], name })),
    annotations: imageIds.flatMap((image_id, index) =>
      objects(index).map(({ box, class: label, mask }, i) => ({
        id: 100 * image_id + i,
        image_id,
        category_id: categoryIds[label],
        bbox: convertBox(box, "xyxy", "xywh"),
        area: maskArea(mask!),
        iscrowd: 0,
        segmentation: maskToCoco(mask!),
      })),
    ),
  };
}
