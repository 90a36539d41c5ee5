// How many pixels differ for pixelmatch with its defaults: node pixelmatch.mjs PEERS A B
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const [peers, ...files] = process.argv.slice(2);
const { default: pixelmatch } = await import(pathToFileURL(`${peers}/node_modules/pixelmatch/index.js`));
const { PNG } = (await import(pathToFileURL(`${peers}/node_modules/pngjs/lib/png.js`))).default;
const [a, b] = files.map((f) => PNG.sync.read(readFileSync(f)));
console.log(pixelmatch(a.data, b.data, null, a.width, a.height));
