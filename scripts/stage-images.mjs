// `npm run stage:images`: puts below build/images what the images' Dockerfiles copy, so that building them needs no network.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isNeededOfDist, isNeededOfPackage, isOfTrainers } from './image-files.mjs';
import { makeDirectory, run } from './made-directory.mjs';

const scripts = fileURLToPath(new URL('.', import.meta.url));
const root = join(scripts, '..');
const images = join(root, 'build/images');
const tfjsNodeGpu = '@tensorflow/tfjs-node-gpu@4.22.0';
/** Of all files: with the classic builder the same ones are the same layer, which nobody who has it fetches again. */
const fixedTime = new Date('2000-01-01');

const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
/** The folders of our own packages. */
const workspaces = Object.keys(JSON.parse(lock).packages).filter(
  (path) => path !== '' && !path.includes('node_modules/'),
);

/** Paths of all files and links below a folder, relative to it. */
const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

/** Makes room for a file; returns its path. */
function place(folder, path) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

/** Whatever the umask and the clock were: everybody may read, and the time is fixed. */
function settle(folder) {
  for (const name of ['', ...readdirSync(folder, { recursive: true })]) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (!stats.isSymbolicLink()) chmodSync(path, stats.isDirectory() || stats.mode & 0o100 ? 0o755 : 0o644);
    lutimesSync(path, fixedTime, fixedTime);
  }
}

/** Production packages as the lock file has them, below `modules` for every image, and below `engine` for those of trainers. */
function stageModules(made, scratch, arch) {
  const project = join(scratch, 'project');
  for (const path of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(join(root, path), place(project, path));
  for (const path of workspaces)
    copyFileSync(join(root, path, 'package.json'), place(project, join(path, 'package.json')));
  const platform = ['--os', 'linux', '--cpu', arch, '--libc', 'glibc'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  // Where npm itself runs this, it would go on with the folder that it was started in.
  const there = ['--prefix', project, '--global=false'];
  const args = ['ci', '--omit=dev', '--ignore-scripts', ...there, ...platform, ...quiet];
  run(`npm: production packages for linux ${arch}`, 'npm', args, { cwd: project });

  const installed = join(project, 'node_modules');
  // Links to our own packages are made anew, and npm's commands are not needed.
  for (const path of filesBelow(installed).filter((file) => !/(^|\/)(\.bin|@gan-train)\/|^\./.test(file))) {
    if (!isNeededOfPackage(path, arch)) continue;
    const to = join(made, isOfTrainers(path) ? 'engine' : 'modules', 'app/node_modules');
    renameSync(join(installed, path), place(to, path));
  }
}

/** Our own packages and proto/; the command is bin/gan-train. */
function stageCode(app) {
  const copy = (path) => copyFileSync(join(root, path), place(app, path));
  for (const path of workspaces) {
    copy(join(path, 'package.json'));
    for (const file of filesBelow(join(root, path, 'dist')).filter(isNeededOfDist)) {
      // What has no source any more was left by an earlier build.
      if (existsSync(join(root, path, 'src', file.replace(/\.js$/, '.ts')))) copy(join(path, 'dist', file));
    }
    const name = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')).name;
    symlinkSync(join('../..', path), place(app, join('node_modules', name)));
  }
  for (const path of ['cli/bin', 'proto', 'LICENSE'])
    cpSync(join(root, path), join(app, path), { recursive: true });
  symlinkSync('../cli/bin/gan-train.js', place(app, 'bin/gan-train'));
}

/** The context of docker/Dockerfile. */
function stageApp(arch) {
  const hash = createHash('sha256').update(lock);
  for (const name of ['image-files.mjs', 'stage-images.mjs']) hash.update(readFileSync(join(scripts, name)));
  const facts = { arch, sha256: hash.digest('hex') };
  const app = makeDirectory(join(images, 'app'), facts, (made, scratch) => {
    stageModules(made, scratch, arch);
    // Empty: the working directory, which is the user's of the images.
    mkdirSync(join(made, 'work'));
    settle(made);
  });
  const code = join(app, 'code');
  rmSync(code, { recursive: true, force: true });
  stageCode(join(code, 'app'));
  settle(code);
  return app;
}

/** The context of docker/gpu.Dockerfile: `engine`, whose node_modules has a native TensorFlow.js. */
async function stageGpu(kind) {
  const folder = join(images, 'gpu', kind);
  if (kind === 'tfjs-node-gpu') {
    return makeDirectory(folder, { package: tfjsNodeGpu }, (made) => {
      const args = ['install', '--prefix', join(made, 'engine'), '--global=false', '--ignore-scripts=false'];
      run(`npm: ${tfjsNodeGpu}, which downloads libtensorflow`, 'npm', [...args, tfjsNodeGpu]);
      settle(join(made, 'engine'));
    });
  }
  const { defaultTensorflow } = await import('../cli/dist/engine-version.js');
  return makeDirectory(folder, { tensorflow: defaultTensorflow }, (made, scratch) => {
    const args = [join(root, 'cli/bin/gan-train.js'), 'engine', 'add', 'tensorflow', '--cuda'];
    const env = { ...process.env, GAN_TRAIN_HOME: scratch };
    run(`gan-train engine add tensorflow --cuda: ${defaultTensorflow}, 4 GB`, process.execPath, args, {
      env,
    });
    renameSync(join(scratch, 'engines', `tensorflow-${defaultTensorflow}-cuda`), join(made, 'engine'));
    settle(join(made, 'engine'));
  });
}

const { arch, gpu } = parseArgs({
  options: { arch: { type: 'string', default: process.arch }, gpu: { type: 'string' } },
}).values;
try {
  if (!['x64', 'arm64'].includes(arch)) throw new Error(`--arch must be x64 or arm64, not ${arch}`);
  if (![undefined, 'tensorflow', 'tfjs-node-gpu'].includes(gpu))
    throw new Error(`--gpu must be tensorflow or tfjs-node-gpu, not ${gpu}`);
  console.log(stageApp(arch));
  if (gpu !== undefined) console.log(await stageGpu(gpu));
} catch (error) {
  console.error(`stage:images: ${error.message}`);
  process.exitCode = 1;
}
