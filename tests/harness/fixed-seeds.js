import fc from 'fast-check';

// The same draws in every run, so that a change is judged by what it changes; FUZZ_SEED=12345 draws others.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.FUZZ_SEED ?? 20261121) });
