import { subset, type ImageSource, type ObjectSource, type PictureObject, type PictureSource } from "@flexivit/data";

/** The pictures of some classes, which are then all there are. */
export function ofClasses(source: ImageSource, classes: readonly string[]): ImageSource {
  const label = (index: number): number => classes.indexOf(source.classes[source.labels[index]]);
  const chosen = subset(source, Array.from(source.labels.keys()).filter((index) => label(index) >= 0));
  const labels = chosen.labels.map((old) => classes.indexOf(source.classes[old]));
  return { ...chosen, classes: [...classes], labels };
}

/** Lists of sources of any task that have an entry per picture. */
type PerPicture = { labels?: Int32Array; imageIds?: readonly number[]; files?: readonly string[] };

/** The first pictures of a source of any task, or all of them. */
export function firstOf<Source extends PictureSource>(source: Source, pictures: number): Source {
  if (pictures >= source.size) return source;
  const { labels, imageIds, files } = source as PerPicture;
  const cut = Object.entries({ labels, imageIds, files }).flatMap(([name, list]) => (list ? [[name, list.slice(0, pictures)]] : []));
  return { ...source, size: pictures, ...Object.fromEntries(cut) };
}

/** The same pictures, whose objects are all of one class. */
export function asOneClass(source: ObjectSource, name: string): ObjectSource {
  const objects = (index: number): PictureObject[] => source.objects(index).map((object) => ({ ...object, class: 0 }));
  const targets = (index: number): Float32Array => Float32Array.of(source.objects(index).length > 0 ? 1 : 0);
  return { ...source, classes: [name], categoryIds: [1], objects, targets };
}
