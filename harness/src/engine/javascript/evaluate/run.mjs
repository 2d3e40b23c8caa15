// Asks a module for its answer: `run.mjs FILE` writes what the function that FILE
// exports gives, as JSON, to standard output.

import { pathToFileURL } from 'node:url';

const { default: ask } = await import(pathToFileURL(process.argv[2]).href);
const answer = JSON.stringify(await ask());
process.stdout.write(answer, () => process.exit(0));
