// The floor of `mesh synth`: the same libraries by the same entry points, and nothing done.
for (const name of JSON.parse(process.argv[2])) require(require.resolve(name, { paths: [process.argv[3]] }));
