// Runs spec files with Jasmine, which TensorFlow.js's are written for.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const BACKEND = 'onnx';
/** What TensorFlow.js puts behind the name of a suite that it runs once for every backend. */
const SUITE_OF_BACKEND = ` ${BACKEND} {}`;

/**
 * Declares the specs of the files whose names match, and runs them in a fixed order.
 *
 * @param bundle the module of bundle.mjs
 * @param names a RegExp
 * @returns for each spec its file, name, status (passed, failed, or pending where TensorFlow.js itself skips it), the messages
 *   of a failure, whether it runs on the backend, and whether it ran a compiled graph. What fails outside of a spec is a
 *   failed one.
 */
export async function runSpecFiles(bundle, names) {
  const { tf, setTestEnvs, specFiles, registerOnnxBackend } = bundle;
  const jasmine = require('jasmine-core').boot();
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
  const env = jasmine.getEnv();
  env.configure({ random: false });

  registerOnnxBackend();
  await tf.setBackend(BACKEND);
  setTestEnvs([{ name: BACKEND, backendName: BACKEND, isDataSync: true }]);
  const fileOfSuite = declareSpecs(env, specFiles, names);

  const results = [];
  const unsilence = silence();
  const random = Math.random;
  Math.random = seededRandom();
  try {
    env.addReporter(createReporter(fileOfSuite, () => graphsRun(bundle), results));
    await env.execute();
  } finally {
    Math.random = random;
    unsilence();
  }
  return results;
}

/** Returns the file of each outermost suite, by the suite's id. */
function declareSpecs(env, specFiles, names) {
  const fileOfSuite = new Map();
  for (const [file, declare] of Object.entries(specFiles)) {
    if (!names.test(file)) continue;
    const before = env.topSuite().children.length;
    declare();
    for (const suite of env.topSuite().children.slice(before)) fileOfSuite.set(suite.id, file);
  }
  return fileOfSuite;
}

function createReporter(fileOfSuite, countGraphs, results) {
  const suites = [];
  let graphsBefore = 0;
  const add = ({ fullName, failedExpectations }, status, ranGraph) => {
    results.push({
      file: fileOfSuite.get(suites[0]) ?? '',
      name: fullName,
      status,
      message: failedExpectations.map(({ message, stack }) => `${message}\n${stack}`).join('\n'),
      onBackend: fullName.includes(SUITE_OF_BACKEND),
      ranGraph,
    });
  };
  const addFailure = (suite) => {
    if (suite.failedExpectations.length > 0) add({ fullName: 'outside of specs', ...suite }, 'failed', false);
  };
  return {
    suiteStarted: ({ id }) => suites.push(id),
    suiteDone: (suite) => {
      addFailure(suite);
      suites.pop();
    },
    specStarted: () => {
      graphsBefore = countGraphs();
    },
    specDone: (spec) => add(spec, spec.status, countGraphs() > graphsBefore),
    jasmineDone: addFailure,
  };
}

/** Graphs that the backend has run; 0 for a moment when a test has removed the backend. */
function graphsRun({ tf, onnxBackend }) {
  return tf.engine().registry[BACKEND] ? onnxBackend().stats.runs : 0;
}

/** Tests of the profiler, and of warnings, print. Returns what ends the silence. */
function silence() {
  const { log, warn } = console;
  console.log = console.warn = () => {};
  return () => Object.assign(console, { log, warn });
}

/** Numbers in 0..1, the same in every run (mulberry32): tests of random operations look at mean and variance. */
function seededRandom() {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
