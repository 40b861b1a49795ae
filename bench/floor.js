// The floor of `mesh synth`: loads the same libraries, and does nothing.
for (const name of JSON.parse(process.argv[2])) require(require.resolve(name, { paths: [process.argv[3]] }));
