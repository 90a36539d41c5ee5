// Requests of drydock as constants of the types that the vendors' clients publish: the compiler says what does not fit.
//   node types.mjs BODIES.JSONL > bodies.ts
import { readFileSync } from 'node:fs';

const types = {
	'/v1/messages': ['MessageCreateParams', '@anthropic-ai/sdk/resources/messages'],
	'/v1/responses': ['ResponseCreateParams', 'openai/resources/responses/responses'],
	'/v1/chat/completions': ['ChatCompletionCreateParams', 'openai/resources/chat/completions'],
};
const seen = new Set();
for (const [name, from] of Object.values(types)) console.log(`import type { ${name}Streaming, ${name}NonStreaming } from '${from}';`);
for (const line of readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
	const { path, body } = JSON.parse(line);
	const text = JSON.stringify(body);
	if (!types[path] || seen.has(path + text)) continue;
	seen.add(path + text);
	console.log(`export const b${seen.size}: ${types[path][0]}${body.stream ? 'Streaming' : 'NonStreaming'} = ${text};`);
}
