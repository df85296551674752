/** Loads the fused kernels library from `folder` and registers its kernels for `backendName`; false when there is none. */
export async function registerFusedKernels(_folder: string, _backendName: string): Promise<boolean> {
  return false;
}
