// For node --require: prints the maximum resident memory and the CPU time at exit.
process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(`maxrss=${maxRSS} cpu=${userCPUTime + systemCPUTime}\n`);
});
