import { referenceInterpolations } from "@flexivit/resample";
import { expect, test } from "vitest";
import { certificateTable } from "./certificate-table.ts";
import { imageLikeCovariance } from "./covariance.ts";
import { resizeCertificate } from "./resize-certificate.ts";

test("a 32x32 kernel at 48, 15 and 12x40: aligned rows under titles, beside the certificates they are made of", () => {
  const { certificates, rows } = certificateTable(32, [48, 15, [12, 40]]);
  expect(rows).toEqual([
    "patch  exact  DC gain  condition  token error: white",
    "48x48    yes    1.000       3.36               0.0 %",
    "15x15     no    0.543       1.87              88.3 %",
    "12x40     no    0.596       2.22              79.1 %",
  ]);
  expect(certificates).toEqual([resizeCertificate(32, 48), resizeCertificate(32, 15), resizeCertificate(32, [12, 40])]);
});

test("with a covariance, of the resize or of the patches alone, there is a column for images", () => {
  const covariance = imageLikeCovariance(32);
  const { patchKernel } = referenceInterpolations.timmFlexi;
  const interpolation = { ...patchKernel, antialias: true };
  expect(certificateTable(32, [8], { interpolation, patchCovariance: covariance }).rows[0]).toBe("patch  exact  DC gain  condition  token error: white  of images");
  // 25.0 % and 22.4 % were computed with numpy in float64 from all 1,024 pixels at once.
  expect(certificateTable(32, [8], { interpolation, patchCovariance: covariance }).rows[1].endsWith("  25.0 %")).toBe(true);
  expect(certificateTable(32, [8], { interpolation, covariance }).rows[1].endsWith("  22.4 %")).toBe(true);
});
