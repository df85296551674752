/** The certificates of a 32x32 kernel per patch size: without antialias it loses its answer to smooth patches, with it nearly nothing. */
import { certificateTable, imageLikeCovariance } from "@flexivit/pi-resize";
import { referenceInterpolations } from "@flexivit/resample";

const { bigVision, timm } = referenceInterpolations;
const sizes = [48, 40, 32, 30, 24, 20, 16, 15, 12, 10, 8];
const patchCovariance = imageLikeCovariance(32);
const tables = {
  "bilinear without antialias": certificateTable(32, sizes, { interpolation: bigVision.patchKernel, patchCovariance }),
  "bicubic with antialias": certificateTable(32, sizes, { interpolation: timm.patchKernel, patchCovariance }),
};
for (const [interpolation, { rows, certificates }] of Object.entries(tables)) {
  console.log(`\n${interpolation}\n${rows.join("\n")}`);
  if (certificates.some(({ exact, to }) => exact !== to[0] >= 32)) throw new Error("Growing is exact, shrinking is not.");
}
