import * as tf from "@tensorflow/tfjs-core";

/** The parts of WebGPU that are used here. */
export type GpuBuffer = {
  size: number;
  mapState: "unmapped" | "pending" | "mapped";
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
};
export type GpuDevice = {
  limits: { [name: string]: number };
  createBuffer(settings: { size: number; usage: number }): GpuBuffer;
  onuncapturederror: (event: { error: { message: string }; preventDefault(): void }) => void;
};

/** What is used of the backend, some of it beyond its declared interface. */
export type WebgpuBackend = tf.KernelBackend & {
  device: GpuDevice;
  tensorMap: { get(dataId: object): { dtype: tf.DataType; values?: tf.BackendValues | null; resource?: GpuBuffer | null } };
  commandEncoder: { copyBufferToBuffer(from: GpuBuffer, fromByte: number, to: GpuBuffer, toByte: number, bytes: number): void };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(...args: unknown[]): tf.TensorInfo;
};

// Source: WebGPU, section 5, GPUBufferUsage and GPUMapMode.
const [mapRead, copyTo] = [1, 8];

/** Calls that Dawn has asked setImmediate for and that have not run yet. */
const waiting = new Set<() => void>();

/**
 * Runs `work`, and remembers what Dawn passes to setImmediate in it, and in those calls themselves.
 *
 * Dawn looks for finished work, and settles its promises, in such calls only. They run in their turn as ever; a
 * synchronous read runs them itself.
 */
export function rememberImmediates<T>(work: () => T): T {
  const { setImmediate } = globalThis;
  const remember = (call: () => void) => {
    const once = () => {
      if (waiting.delete(once)) rememberImmediates(call);
    };
    waiting.add(once);
    return setImmediate(once);
  };
  globalThis.setImmediate = remember as typeof setImmediate;
  try {
    return work();
  } finally {
    globalThis.setImmediate = setImmediate;
  }
}

/** Makes `mapAsync` of all buffers remember its immediates; `buffer` is the prototype of buffers. */
export function rememberMaps(buffer: GpuBuffer): void {
  const { mapAsync } = buffer;
  buffer.mapAsync = function (this: GpuBuffer, ...args) {
    return rememberImmediates(() => mapAsync.apply(this, args));
  };
}

/**
 * Gives the backend a synchronous read that works in Node; its own one copies through a canvas, which only browsers have.
 *
 * It waits until the device is done. Numbers that the processor holds already are returned as they are.
 */
export function readInNode(backend: WebgpuBackend): void {
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    if (data.values || !data.resource) return readSync(dataId);
    data.values = tf.util.convertBackendValuesAndArrayBuffer(bytesOf(data.resource, backend), data.dtype as "float32");
    return data.values;
  };
}

function bytesOf(buffer: GpuBuffer, backend: WebgpuBackend): ArrayBuffer {
  const staging = backend.device.createBuffer({ size: buffer.size, usage: mapRead | copyTo });
  try {
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.commandEncoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    backend.submitQueue();
    waitForMap(staging);
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
  }
}

const pauseMs = 0.05;
const clock = new Int32Array(new SharedArrayBuffer(4));

function waitForMap(staging: GpuBuffer): void {
  staging.mapAsync(mapRead).catch(() => {});
  while (staging.mapState === "pending" && waiting.size > 0) {
    const calls = Array.from(waiting); // Those that they add are for the next look.
    for (const call of calls) call();
    // Leaves the core to the driver, which computes on it where it is one in software.
    if (staging.mapState === "pending") Atomics.wait(clock, 0, 0, pauseMs);
  }
  if (staging.mapState !== "mapped") throw new Error("the WebGPU device gave no data: it is lost or out of memory");
}
