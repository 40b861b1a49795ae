// cdktf notes a stack for every attribute that it makes. With source maps, as in tests, that is half of a synth.
exports.captureStackTrace = () => [];
