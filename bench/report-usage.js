// node --require this: tells the greatest resident memory and the CPU time at the end.
process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(`maxrss=${maxRSS} cpu=${userCPUTime + systemCPUTime}\n`);
});
