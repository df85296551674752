/** The certificate of a 32x32 kernel per patch size: without antialias it loses its answer to smooth patches, with it nearly nothing. */
import { resizeCertificate } from "@flexivit/pi-resize";
import { referenceInterpolations } from "@flexivit/resample";

const { bigVision, timm } = referenceInterpolations;
console.log("patch  exact   DC gain: bilinear   bicubic with antialias   condition: bilinear");
for (const to of [48, 40, 32, 30, 24, 20, 16, 15, 12, 10, 8]) {
  const plain = resizeCertificate(32, to, { interpolation: bigVision.patchKernel });
  const smooth = resizeCertificate(32, to, { interpolation: timm.patchKernel });
  const columns = [plain.dcGain.toFixed(3).padStart(20), smooth.dcGain.toFixed(3).padStart(25), plain.conditionNumber.toFixed(1).padStart(22)];
  console.log(`${String(to).padEnd(6)} ${String(plain.exact).padEnd(6)}${columns.join("")}`);
}
