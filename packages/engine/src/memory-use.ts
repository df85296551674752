/** Memory of this process in bytes: resident now, and the highest it has been (all of it, native libraries too). */
export function memoryUse(): { residentBytes: number; peakBytes: number } {
  return { residentBytes: process.memoryUsage.rss(), peakBytes: process.resourceUsage().maxRSS * 1024 };
}
