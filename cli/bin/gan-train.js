#!/usr/bin/env node
// Process 1 of a container never gets a signal that it has no handler for, and loading takes a while. Main adds its own
// before this one goes: with none in between, a signal that has come would be lost.
const end = () => process.exit(143);
process.on('SIGTERM', end);
const { main } = await import('../dist/main.js');
const done = main(process.argv.slice(2));
process.off('SIGTERM', end);
await done;
