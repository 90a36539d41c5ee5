// The vendors' clients against the stand-in: what they understand is what the vendors speak.
//   node clients.mjs PORT DIR     DIR/requests.jsonl is what the stand-in saw; DIR/bodies.jsonl are requests of drydock's
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { GoogleGenAI } from '@google/genai';
import { isDeepStrictEqual } from 'node:util';
import { readFileSync } from 'node:fs';

const [port, dir] = process.argv.slice(2);
const base = (profile) => `http://127.0.0.1:${port}/${profile}`;
const anthropic = (profile, more = {}) => new Anthropic({ apiKey: 'standin-key', baseURL: base(profile), ...more });
const openai = (profile) => new OpenAI({ apiKey: 'standin-key', baseURL: base(profile) + '/v1' });
const google = (profile) => new GoogleGenAI({ apiKey: 'standin-key', httpOptions: { baseUrl: base(profile), apiVersion: 'v1beta' } });

let failed = 0;
async function test(name, f) {
	try {
		const got = await f();
		if (got === true) return console.log(`ok ${name}`);
		console.log(`not ok ${name}: ${JSON.stringify(got)}`);
	} catch (e) {
		console.log(`not ok ${name}: ${String(e).split('\n')[0]}`);
	}
	failed++;
}
const is = (got, wanted) => isDeepStrictEqual(got, wanted) || got;

const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'], additionalProperties: false };
const say = 'Answer with: all is well';
const call = 'Call read with {"path": "a.c"}';
const asked = { model: 'model-1', max_tokens: 100, messages: [{ role: 'user', content: say }] };
const tools = [{ name: 'read', description: 'x', input_schema: schema }];
const textOf = (m) => m.content.filter((b) => b.type === 'text').map((b) => b.text).join('');

for (const how of ['plain', 'split=1', 'crlf', 'comments', 'unknown', 'multiline'])
	await test(`anthropic: ${how}`, async () => is(textOf(await anthropic(how).messages.stream(asked).finalMessage()), 'all is well'));
await test('anthropic: not streamed', async () => is(textOf(await anthropic('plain').messages.create(asked)), 'all is well'));
await test('anthropic: halves of a character', async () => is(textOf(await anthropic('halves').messages.stream(asked).finalMessage()), 'smile 😀 end'));
await test('anthropic: a call, and its result', async () => {
	const c = anthropic('plain+tag=sdk');
	const first = await c.messages.stream({ ...asked, tools, messages: [{ role: 'user', content: call }] }).finalMessage();
	const use = first.content.find((b) => b.type === 'tool_use');
	if (first.stop_reason !== 'tool_use' || use.input.path !== 'a.c') return first;
	const second = await c.messages.stream({ ...asked, tools, messages: [{ role: 'user', content: call }, { role: 'assistant', content: first.content },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'found' }] }] }).finalMessage();
	return is(textOf(second), 'Results: found');
});
await test('anthropic: thoughts are signed', async () => {
	const c = anthropic('plain');
	const thinking = { type: 'enabled', budget_tokens: 1024 };
	const q = { ...asked, max_tokens: 4000, thinking, tools, messages: [{ role: 'user', content: `Think first: hm\n${call}` }] };
	const first = await c.messages.stream(q).finalMessage();
	const use = first.content.find((b) => b.type === 'tool_use');
	const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'found' }] };
	const second = await c.messages.stream({ ...q, messages: [...q.messages, { role: 'assistant', content: first.content }, result] }).finalMessage();
	const forged = first.content.map((b) => (b.type === 'thinking' ? { ...b, thinking: 'other' } : b));
	const refused = await c.messages.create({ ...q, messages: [...q.messages, { role: 'assistant', content: forged }, result] }).catch((e) => e.status);
	return is([first.content[0].thinking, textOf(second), refused], ['hm', 'Results: found', 400]);
});
await test('anthropic: overloaded, then an answer', async () => is(textOf(await anthropic('529-then-ok=1+after-ms=5+tag=sdk').messages.create(asked)), 'all is well'));
await test('anthropic: an error in the stream', async () =>
	is(await anthropic('error=3').messages.stream(asked).finalMessage().catch((e) => e instanceof Anthropic.APIError && e.error.error.type), 'overloaded_error'));
await test('anthropic: refusal and pause', async () => is([(await anthropic('refusal').messages.stream(asked).finalMessage()).stop_reason,
	(await anthropic('pause').messages.stream(asked).finalMessage()).stop_reason], ['refusal', 'pause_turn']));
await test('anthropic: tokens are counted', async () => (await anthropic('plain').messages.countTokens({ model: 'm', messages: asked.messages })).input_tokens > 5);
await test('anthropic: a wrong key', async () => is(await anthropic('plain', { apiKey: 'wrong' }).messages.create(asked).catch((e) => e.status), 401));

const input = { model: 'model-1', input: say };
const ask = (how, more) => openai(how).responses.stream({ ...input, ...more }).finalResponse();
for (const how of ['plain', 'split=1', 'crlf', 'comments', 'multiline'])
	await test(`responses: ${how}`, async () => is((await ask(how)).output_text, 'all is well'));
await test('responses: not streamed', async () => is((await openai('plain').responses.create(input)).output_text, 'all is well'));
await test('responses: a call, and its result', async () => {
	const t = [{ type: 'function', name: 'read', description: 'x', parameters: schema, strict: true }];
	const first = await ask('plain', { input: call, tools: t });
	const item = first.output.find((i) => i.type === 'function_call');
	const second = await ask('plain', { tools: t, input: [{ role: 'user', content: call }, { type: 'function_call', call_id: item.call_id, name: item.name, arguments: item.arguments },
		{ type: 'function_call_output', call_id: item.call_id, output: 'found' }] });
	return is([item.arguments, second.output_text], ['{"path":"a.c"}', 'Results: found']);
});
await test('responses: incomplete', async () => is((await openai('length').responses.create(input)).incomplete_details.reason, 'max_output_tokens'));
await test('responses: tokens are counted', async () => (await openai('plain').responses.inputTokens.count(input)).input_tokens > 5);
await test('responses: no quota', async () => is(await openai('spend-limit').responses.create(input, { maxRetries: 0 }).catch((e) => [e.status, e.code]), [429, 'insufficient_quota']));

const chat = { model: 'model-1', messages: [{ role: 'user', content: say }] };
const stream = (how, more) => openai(how).chat.completions.stream({ ...chat, stream_options: { include_usage: true }, ...more }).finalChatCompletion();
for (const how of ['plain', 'split=1', 'crlf', 'comments', 'multiline'])
	await test(`chat: ${how}`, async () => is((await stream(how)).choices[0].message.content, 'all is well'));
await test('chat: not streamed', async () => is((await openai('plain').chat.completions.create(chat)).choices[0].message.content, 'all is well'));
await test('chat: usage comes last', async () => (await stream('plain')).usage.total_tokens > 5);
await test('chat: two calls', async () => {
	const t = [{ type: 'function', function: { name: 'read', parameters: schema } }];
	const got = await stream('plain', { tools: t, messages: [{ role: 'user', content: `${call}\nCall read with {"path": "b.c"}` }] });
	return is(got.choices[0].message.tool_calls.map((c) => c.function.arguments), ['{"path":"a.c"}', '{"path":"b.c"}']);
});
await test('chat: refusal', async () => is((await stream('refusal')).choices[0].message.refusal, 'I must not'));

const g = { model: 'model-1', contents: say };
async function streamed(how, more) {
	const chunks = [];
	for await (const c of await google(how).models.generateContentStream({ ...g, ...more })) chunks.push(c);
	return chunks;
}
for (const how of ['plain', 'split=1', 'crlf'])
	await test(`google: ${how}`, async () => is((await streamed(how)).map((c) => c.text ?? '').join(''), 'all is well'));
await test('google: not streamed', async () => is((await google('plain').models.generateContent(g)).text, 'all is well'));
await test('google: a call with its signature', async () => {
	const c = (await streamed('plain', { contents: call, config: { tools: [{ functionDeclarations: [{ name: 'read', parametersJsonSchema: schema }] }] } }))[0];
	return is([c.functionCalls[0].args, typeof c.candidates[0].content.parts[0].thoughtSignature], [{ path: 'a.c' }, 'string']);
});
await test('google: a blocked prompt', async () => is((await google('blocked').models.generateContent(g)).promptFeedback.blockReason, 'PROHIBITED_CONTENT'));
await test('google: tokens are counted', async () => (await google('plain').models.countTokens(g)).totalTokens > 2);
await test('google: the day is over its limit', async () => is(await google('spend-limit').models.generateContent(g).catch((e) => e.status), 429));

// What drydock sends is what the client would send.
const lines = (name) => readFileSync(`${dir}/${name}`, 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const ours = lines('bodies.jsonl').filter((r) => r.path.includes(':streamGenerateContent') && r.body.tools).slice(0, 6);
await test('google: there are requests of drydock to compare', async () => ours.length === 6);
for (const [i, r] of ours.entries())
	await test(`google: request ${i} of drydock is what the client sends`, async () => {
		const { contents, systemInstruction, tools, toolConfig, generationConfig } = r.body;
		await streamed('plain+mine', { contents, config: { systemInstruction, tools, toolConfig, ...generationConfig } }).catch(() => 0);
		return is(lines('requests.jsonl').at(-1).body, r.body);
	});
process.exit(failed > 0 ? 1 : 0);
