// Required before the programs here: tells load.ts, whenever it asks, what the process has used.
process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.send({ cpuMicros: userCPUTime + systemCPUTime, peakMegabytes: maxRSS / 1024 });
});
