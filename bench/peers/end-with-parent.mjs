// Loaded into `gan-train bench step` before it starts: ends it as Ctrl-C would when the runner that holds its standard input is gone.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref();
